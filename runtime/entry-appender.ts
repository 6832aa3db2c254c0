import type { Redis } from "ioredis";
import type { Connection } from "./connection.js";
import { MessagingError, PublishError } from "./errors.js";
import { onceKey } from "./keys.js";
import { announce } from "./lua/announce.js";
import { appendOnce } from "./lua/append-once.js";

/** An entry for a stream. */
export interface Append {
  readonly stream: string;
  readonly entry: readonly string[];
  readonly messageId: string | undefined;
  /** Send it at once, too, to whoever listens on this channel: the message as a JSON object. */
  readonly announced?: { readonly channel: string; readonly json: string };
  /** Store it once under its message id within so long. */
  readonly onceWindowMs: number | undefined;
}

/** One on its way. */
interface Sending extends Append {
  readonly resolve: (entryId: string) => void;
  readonly reject: (error: MessagingError) => void;
}

/** More than these under way at once are refused: a Redis that hangs must not fill this process' memory. */
const MOST_UNDER_WAY = 100_000;
/** Replies after which the same command may succeed; none of them stored anything. */
const PASSING = /^(OOM|LOADING|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY|MISCONF)/;

/**
 * Adds entries to streams. All that are asked for within one turn of the event loop leave in one pipeline.
 *
 * A promise that resolved: the entry is in the stream. One that rejected says whether it surely is not, or may be:
 * nothing is ever sent twice by itself, since a repeat after a lost reply would store a second entry.
 */
export class EntryAppender {
  readonly #connection: Connection;
  #batch: Sending[] = [];
  #underWay = 0;
  #idle: (() => void)[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  append(append: Append): Promise<string> {
    if (this.#underWay >= MOST_UNDER_WAY) {
      const text = `${MOST_UNDER_WAY} publishes are under way already: await some before starting more, or Redis is slow`;
      const { messageId } = append;
      return Promise.reject(new PublishError("PUBLISH_OVERLOADED", text, { messageId, retryable: true }));
    }
    this.#underWay++;
    return new Promise((resolve, reject) => {
      this.#batch.push({ ...append, resolve, reject });
      if (this.#batch.length === 1) setImmediate(() => void this.#flush());
    });
  }

  /** Resolves when nothing is under way any more. */
  drained(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    try {
      const client = await this.#connection.ready();
      const isPlain = ({ announced, onceWindowMs }: Append): boolean =>
        announced === undefined && onceWindowMs === undefined;
      const alone = batch.filter((sending) => !isPlain(sending)).map((sending) => this.#sendAlone(client, sending));
      await Promise.all([this.#sendAll(client, batch.filter(isPlain)), ...alone]);
    } catch (error) {
      for (const sending of batch) sending.reject(this.#failure(error as Error, sending));
    } finally {
      this.#underWay -= batch.length;
      if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  async #sendAll(client: Redis, batch: readonly Sending[]): Promise<void> {
    if (batch.length === 0) return;
    const pipeline = client.pipeline();
    for (const { stream, entry } of batch) pipeline.xadd(stream, "*", ...(entry as string[]));
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, sending] of batch.entries()) {
      const [error, entryId] = replies[index] ?? [new Error("Redis gave no reply"), undefined];
      if (error === null || error === undefined) sending.resolve(entryId as string);
      else sending.reject(this.#failure(error, sending));
    }
  }

  /** By a script of its own, because it is more than adding an entry. */
  async #sendAlone(client: Redis, sending: Sending): Promise<void> {
    const { stream, entry, announced, messageId, onceWindowMs } = sending;
    const { channel = "", json = "" } = announced ?? {};
    try {
      if (onceWindowMs === undefined) {
        sending.resolve(await announce.run(client, [stream], [channel, json, ...entry]));
        return;
      }
      const keys = [stream, onceKey(stream, messageId as string)];
      sending.resolve(await appendOnce.run(client, keys, [onceWindowMs, channel, json, ...entry]));
    } catch (error) {
      sending.reject(this.#failure(error as Error, sending));
    }
  }

  #failure(error: Error, { stream, messageId, onceWindowMs }: Append): MessagingError {
    // Nothing had been sent yet: there was no connection.
    if (error instanceof MessagingError) return error;
    if (error.message.startsWith("Stream isn't writeable")) return this.#connection.failure();
    if (error.name === "ReplyError") {
      const text = `Redis refused to add to ${stream}: ${error.message}`;
      return new PublishError("PUBLISH_FAILED", text, {
        messageId,
        retryable: PASSING.test(error.message),
        cause: error,
      });
    }
    const once = onceWindowMs !== undefined;
    const advice = once
      ? `repeat it with the same id and once: true`
      : `a repeat may store it twice; publish with { id, once: true } from the first attempt on where that matters`;
    return new PublishError(
      "PUBLISH_UNCERTAIN",
      `the connection broke before Redis confirmed message ${messageId ?? "(without id)"} in ${stream}: it may be stored; ${advice}`,
      { messageId, retryable: once, cause: error },
    );
  }
}
