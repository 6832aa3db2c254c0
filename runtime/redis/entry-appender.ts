import type { Redis } from "ioredis";
import type { Append, Appender } from "../broker/append.js";
import type { FlatFields, Layout } from "../contract/codec.js";
import { MessagingError, PublishError } from "../errors.js";
import type { Connection } from "./connection.js";
import { adviceOn } from "./driver-error.js";
import { onceKey, retentionKey } from "./keys.js";
import { append, appendAlone } from "./lua/append.js";
import { isRefusal, isReply } from "./reply.js";
import { longestValue, mayBeTooLong, refusalOf } from "./value-limit.js";

/** Further entries are refused: a Redis that hangs must not fill the memory of this process. */
const MOST_UNDER_WAY = 100_000;
/** The most entries of one script call: Redis runs nothing else meanwhile, and replies to all of them at once. */
const FULL_BATCH = 128;

/**
 * Sends the entries of one turn of the event loop together: one script call, with one reply, for each stream and layout.
 * A single entry is a plain `XADD`, sent at once when nothing else is under way.
 */
export class EntryAppender implements Appender {
  readonly #connection: Connection;
  #batch: Append[] = [];
  /** Whether an entry of the batch may be longer than Redis takes. */
  #isLong = false;
  #scheduled = false;
  #underWay = 0;
  #idle: (() => void)[] = [];
  /** False once Redis has denied this user the right to run scripts. */
  #mayScript = true;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  append(entry: Append): void {
    if (this.#underWay >= MOST_UNDER_WAY) {
      const text = `${MOST_UNDER_WAY} publishes are under way already: await some before starting more, or Redis is slow`;
      entry.failed(new PublishError("PUBLISH_OVERLOADED", text, { messageId: entry.messageId, retryable: true }));
      return;
    }
    this.#underWay++;
    const isLong = mayBeTooLong(valuesOf(entry));
    if (isLong) this.#isLong = true;
    // While nothing is under way, an entry need not wait for others.
    if (this.#underWay === 1 && !isLong && !isAlone(entry) && this.#connection.isReady) {
      this.#sendNow(entry);
      return;
    }
    this.#batch.push(entry);
    // A full batch leaves at once, so that Redis works on it while the next is made.
    if (this.#batch.length >= FULL_BATCH) void this.flush();
    else if (!this.#scheduled) this.#schedule();
  }

  #sendNow(entry: Append): void {
    add(this.#connection.client, entry).then(
      (id) => {
        entry.stored(id);
        this.#ended(1);
      },
      (error: Error) => {
        entry.failed(this.#failure(error, entry));
        this.#ended(1);
      },
    );
  }

  #ended(count: number): void {
    this.#underWay -= count;
    if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** While nothing else is under way, the batch waits only for the code that runs now. */
  #schedule(): void {
    this.#scheduled = true;
    const flush = (): void => {
      this.#scheduled = false;
      void this.flush();
    };
    if (this.#underWay === this.#batch.length) process.nextTick(flush);
    else setImmediate(flush);
  }

  drained(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async flush(): Promise<void> {
    let batch = this.#batch;
    const { length } = batch;
    if (length === 0) return;
    this.#batch = [];
    const isLong = this.#isLong;
    this.#isLong = false;
    try {
      const { client } = this.#connection;
      if (!this.#connection.isReady) {
        await this.#connection.ready();
        batch = wanted(batch);
      }
      if (isLong) {
        const longest = longestValue(this.#connection);
        batch = fitting(batch, typeof longest === "number" ? longest : await longest);
      }
      if (batch.length === 1) await this.#send(client, batch);
      else await Promise.all(groupsOf(batch).map((group) => this.#send(client, group)));
    } catch (error) {
      for (const entry of batch) entry.failed(this.#failure(error as Error, entry));
    } finally {
      this.#ended(length);
    }
  }

  async #send(client: Redis, group: readonly Append[]): Promise<void> {
    const [first] = group as [Append];
    try {
      if (isAlone(first)) first.stored(await sendAlone(client, first));
      else if (group.length === 1) first.stored(await add(client, first));
      else if (this.#mayScript) this.#settle(group, await sendTogether(client, group));
      else this.#settle(group, await sendPiped(client, group));
    } catch (error) {
      if (isReply(error, "NOPERM") && !isAlone(first) && this.#mayScript && group.length > 1) {
        // Redis has run nothing, so the same entries may be sent in another way.
        this.#mayScript = false;
        await this.#send(client, group);
        return;
      }
      for (const entry of group) entry.failed(this.#failure(error as Error, entry));
    }
  }

  #settle(group: readonly Append[], results: readonly unknown[]): void {
    for (let at = 0; at < group.length; at++) {
      const entry = group[at] as Append;
      const result = results[at] ?? new Error("Redis gave no reply");
      if (typeof result === "string") entry.stored(result);
      else entry.failed(this.#failure(result as Error, entry));
    }
    // The client reconnects to a new master by itself, but it does not see the errors within a script's reply.
    if (results.some((result) => isReply(result, "READONLY"))) this.#connection.renew();
  }

  #failure(error: Error, { stream, messageId, onceWindowMs }: Append): MessagingError {
    // There was no connection, so nothing was sent.
    if (error instanceof MessagingError) return error;
    if (error.message.startsWith("Stream isn't writeable")) return this.#connection.failure();
    if (error.name === "ReplyError") {
      const text = `Redis refused to add to ${stream}: ${error.message}${adviceOn(error.message)}`;
      return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: !isRefusal(error), cause: error });
    }
    const retryable = onceWindowMs !== undefined;
    const advice = retryable
      ? `repeat it with the same id and once: true`
      : `a repeat may store it twice; publish with { id, once: true } from the first attempt on where that matters`;
    const text = `the connection broke before Redis confirmed message ${messageId ?? "(without id)"} in ${stream}: it may be stored; ${advice}`;
    return new PublishError("PUBLISH_UNCERTAIN", text, { messageId, retryable, cause: error });
  }
}

/** Whether an entry needs a script call of its own, because more is done than adding it. */
function isAlone({ announced, onceWindowMs }: Append): boolean {
  return announced !== undefined || onceWindowMs !== undefined;
}

/** What becomes single values of a command. */
function valuesOf({ entry, announced }: Append): FlatFields {
  return announced === undefined ? entry : [...entry, announced.json];
}

/** The entries that Redis takes. The others fail: with one of them, all that is under way would be uncertain. */
function fitting(batch: readonly Append[], longest: number): Append[] {
  return batch.filter((entry) => {
    const refusal = refusalOf(valuesOf(entry), longest);
    if (refusal === undefined) return true;
    const { messageId, stream } = entry;
    const text = `message ${messageId ?? "(without id)"} was not sent to ${stream}: ${refusal}`;
    entry.failed(new PublishError("PUBLISH_FAILED", text, { messageId }));
    return false;
  });
}

/** The entries that are still wanted. The others fail. */
function wanted(batch: readonly Append[]): Append[] {
  return batch.filter((entry) => {
    if (entry.isWanted?.() ?? true) return true;
    const { messageId } = entry;
    const text = `message ${messageId} was not sent: its sender had given up before there was a connection`;
    entry.failed(new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true }));
    return false;
  });
}

/** Groups the entries that can be sent together, in their order: those of one stream and layout. */
function groupsOf(batch: readonly Append[]): Append[][] {
  const groups: Append[][] = [];
  const open = new Map<Layout, Append[]>();
  for (const entry of batch) {
    const group = isAlone(entry) ? undefined : open.get(entry.layout);
    if (group?.[0]?.stream === entry.stream) {
      group.push(entry);
      continue;
    }
    groups.push([entry]);
    if (!isAlone(entry)) open.set(entry.layout, groups.at(-1) as Append[]);
  }
  return groups;
}

function add(client: Redis, { stream, entry }: Append): Promise<string> {
  return client.xadd(stream, "*", ...entry) as Promise<string>;
}

async function sendTogether(client: Redis, group: readonly Append[]): Promise<readonly unknown[]> {
  const { layout, stream, entry: first } = group[0] as Append;
  let sharing = "";
  const shared: string[] = [];
  const own: number[] = [];
  for (let at = 1; at < first.length; at += 2) {
    const value = first[at] as string;
    const isShared = group.every(({ entry }) => entry[at] === value);
    sharing += isShared ? "s" : "o";
    if (isShared) shared.push(value);
    else own.push(at);
  }
  const args: (string | number)[] = [sharing, group.length, ...layout, ...shared];
  for (const { entry } of group) for (const at of own) args.push(entry[at] as string);
  const ids = await append.run(client, [stream], args);
  return typeof ids === "string" ? ids.split(" ") : ids;
}

async function sendPiped(client: Redis, group: readonly Append[]): Promise<readonly unknown[]> {
  const pipeline = client.pipeline();
  for (const { stream, entry } of group) pipeline.xadd(stream, "*", ...entry);
  return ((await pipeline.exec()) ?? []).map(([error, entryId]) => error ?? entryId);
}

function sendAlone(client: Redis, { stream, entry, announced, messageId = "", onceWindowMs }: Append): Promise<string> {
  const { channel = "", json = "" } = announced ?? {};
  const keys = onceWindowMs === undefined ? [stream] : [stream, onceKey(stream, messageId), retentionKey(stream)];
  return appendAlone.run(client, keys, [onceWindowMs ?? "", channel, json, ...entry]);
}
