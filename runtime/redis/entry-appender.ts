import type { Redis } from "ioredis";
import type { Append, Appender } from "../broker/append.js";
import { type FlatFields, textLength } from "../contract/codec.js";
import { MessagingError, PublishError } from "../errors.js";
import type { Connection } from "./connection.js";
import { adviceOn } from "./driver-error.js";
import { groupsOf, isAlone } from "./entry-groups.js";
import { isRefusal, isReply } from "./reply.js";
import { add, sendAlone, sendPiped, sendTogether } from "./send-entries.js";
import { UnderWay } from "./under-way.js";
import { longestValue, mayBeTooLong, refusalOf } from "./value-limit.js";

/** The most entries of one script call: Redis runs nothing else meanwhile, and replies to all of them at once. */
const FULL_BATCH = 128;

/**
 * Sends the entries of one turn of the event loop together: one script call, with one reply, for each stream and layout.
 * A single entry is a plain `XADD`, sent at once when nothing else is under way.
 */
export class EntryAppender implements Appender {
  readonly #connection: Connection;
  readonly #underWay: UnderWay;
  /** Whether the event loop stood still, and has not read its sockets since. */
  #mustWait = false;
  #batch: Append[] = [];
  /** Whether an entry of the batch may be longer than Redis takes. */
  #isLong = false;
  #scheduled = false;
  /** False once Redis has denied this user the right to run scripts. */
  #mayScript = true;
  /** How long a value may be, while Redis is asked for that. */
  #asking: Promise<number> | undefined;

  /** @param mostBytes - of the entries that are under way together */
  constructor(connection: Connection, mostBytes: number) {
    this.#connection = connection;
    this.#underWay = new UnderWay(mostBytes);
  }

  append(entry: Append): void {
    const length = lengthOf(entry);
    const refusal = this.#underWay.begin(length);
    if (refusal !== undefined) {
      entry.failed(new PublishError("PUBLISH_OVERLOADED", refusal, { messageId: entry.messageId, retryable: true }));
      return;
    }
    const isLong = mayBeTooLong(length) && valuesOf(entry).some(({ length }) => mayBeTooLong(length));
    if (isLong) this.#isLong = true;
    const isFirst = this.#underWay.count === 1;
    // It may have lost its connection, and hears of that only when it reads its sockets. What left before would be
    // uncertain, although it need only have waited.
    if (isFirst && this.#connection.hasStoodStill) this.#mustWait = true;
    // While nothing is under way, an entry need not wait for others.
    if (isFirst && !this.#mustWait && !isLong && !isAlone(entry) && this.#connection.isReady) {
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
      (id) => this.#stored(entry, id),
      (error: Error) => this.#failed(entry, this.#failure(error, entry)),
    );
  }

  /** It makes room before it tells of it: whoever is told may publish the next one. */
  #stored(entry: Append, id: string): void {
    this.#underWay.ended(lengthOf(entry));
    entry.stored(id);
  }

  #failed(entry: Append, error: MessagingError): void {
    this.#underWay.ended(lengthOf(entry));
    entry.failed(error);
  }

  /** While nothing else is under way, the batch waits only for the code that runs now. */
  #schedule(): void {
    this.#scheduled = true;
    const flush = (): void => {
      this.#scheduled = false;
      this.#mustWait = false;
      do void this.flush();
      while (this.#batch.length > 0);
    };
    // The present turn may have asked for news of its sockets before the loop stood still, the next one has not.
    if (this.#mustWait) setImmediate(() => setImmediate(flush));
    else if (this.#underWay.count === this.#batch.length) process.nextTick(flush);
    else setImmediate(flush);
  }

  drained(): Promise<void> {
    return this.#underWay.idle();
  }

  async flush(): Promise<void> {
    if (this.#batch.length === 0 || this.#mustWait) return;
    let batch = this.#batch.splice(0, FULL_BATCH);
    const isLong = this.#isLong;
    this.#isLong &&= this.#batch.length > 0;
    try {
      const { client } = this.#connection;
      if (isLong || this.#asking !== undefined) {
        const bytes = await this.#longest();
        batch = this.#passing(batch, (entry) => tooLong(entry, bytes));
      }
      // Last, so that nothing is refused that could wait.
      if (!this.#connection.isReady) {
        await this.#connection.ready();
        batch = this.#passing(batch, ({ isWanted, messageId }) => {
          if (isWanted?.() ?? true) return undefined;
          const text = `message ${messageId} was not sent: its sender had given up before there was a connection`;
          return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true });
        });
      }
      if (batch.length === 1) await this.#send(client, batch);
      else await Promise.all(groupsOf(batch).map((group) => this.#send(client, group)));
    } catch (error) {
      for (const entry of batch) this.#failed(entry, this.#failure(error as Error, entry));
    }
  }

  /** While Redis is asked, what comes later waits behind what waits for the answer. */
  async #longest(): Promise<number> {
    this.#asking ??= Promise.resolve(longestValue(this.#connection)).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** The entries of which nothing keeps from being sent. The others fail. */
  #passing(batch: readonly Append[], refusal: (entry: Append) => PublishError | undefined): Append[] {
    return batch.filter((entry) => {
      const error = refusal(entry);
      if (error !== undefined) this.#failed(entry, error);
      return error === undefined;
    });
  }

  async #send(client: Redis, group: readonly Append[]): Promise<void> {
    const [first] = group as [Append];
    const byScript = this.#mayScript;
    try {
      if (isAlone(first)) this.#stored(first, await sendAlone(client, first));
      else if (group.length === 1) this.#stored(first, await add(client, first));
      else if (byScript) this.#settle(group, await sendTogether(client, group));
      else this.#settle(group, await sendPiped(client, group));
    } catch (error) {
      if (isReply(error, "NOPERM") && !isAlone(first) && byScript && group.length > 1) {
        // Redis has run nothing, so the same entries may be sent in another way.
        this.#mayScript = false;
        await this.#send(client, group);
        return;
      }
      for (const entry of group) this.#failed(entry, this.#failure(error as Error, entry));
    }
  }

  #settle(group: readonly Append[], results: readonly unknown[]): void {
    for (let at = 0; at < group.length; at++) {
      const entry = group[at] as Append;
      const result = results[at] ?? new Error("Redis gave no reply");
      if (typeof result === "string") this.#stored(entry, result);
      else this.#failed(entry, this.#failure(result as Error, entry));
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

/** How much text is held for an entry. */
function lengthOf({ entry, announced }: Append): number {
  return textLength(entry) + (announced === undefined ? 0 : announced.json.length);
}

/** What becomes single values of a command. */
function valuesOf({ entry, announced }: Append): FlatFields {
  return announced === undefined ? entry : [...entry, announced.json];
}

/** Why Redis would not take an entry: with it, all that is under way would be uncertain. */
function tooLong(entry: Append, longest: number): PublishError | undefined {
  const refusal = refusalOf(valuesOf(entry), longest);
  if (refusal === undefined) return undefined;
  const { messageId, stream } = entry;
  const text = `message ${messageId ?? "(without id)"} was not sent to ${stream}: ${refusal}`;
  return new PublishError("PUBLISH_FAILED", text, { messageId });
}
