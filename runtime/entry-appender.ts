import type { ChainableCommander } from "ioredis";
import type { Connection } from "./connection.js";
import { MessagingError, PublishError } from "./errors.js";

/** An entry on its way to a stream. */
interface Append {
  readonly stream: string;
  readonly entry: readonly string[];
  readonly messageId: string | undefined;
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
  #batch: Append[] = [];
  #underWay = 0;
  #idle: (() => void)[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  append(stream: string, entry: readonly string[], messageId: string | undefined): Promise<string> {
    if (this.#underWay >= MOST_UNDER_WAY) {
      const text = `${MOST_UNDER_WAY} publishes are under way already: await some before starting more, or Redis is slow`;
      return Promise.reject(new PublishError("PUBLISH_OVERLOADED", text, { messageId, retryable: true }));
    }
    this.#underWay++;
    return new Promise((resolve, reject) => {
      this.#batch.push({ stream, entry, messageId, resolve, reject });
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
      const pipeline: ChainableCommander = client.pipeline();
      for (const { stream, entry } of batch) pipeline.xadd(stream, "*", ...(entry as string[]));
      const replies = (await pipeline.exec()) ?? [];
      for (const [index, append] of batch.entries()) {
        const [error, entryId] = replies[index] ?? [new Error("Redis gave no reply"), undefined];
        if (error === null || error === undefined) append.resolve(entryId as string);
        else append.reject(this.#failure(error, append));
      }
    } catch (error) {
      for (const append of batch) append.reject(this.#failure(error as Error, append));
    } finally {
      this.#underWay -= batch.length;
      if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  #failure(error: Error, { stream, messageId }: Append): MessagingError {
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
    const id = messageId ?? "(it has no id)";
    return new PublishError(
      "PUBLISH_UNCERTAIN",
      `the connection broke before Redis confirmed message ${id} in ${stream}: it may be stored. Repeat it with { id: "${id}", once: true }, which stores it once`,
      { messageId, cause: error },
    );
  }
}
