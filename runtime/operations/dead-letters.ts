import { comesBefore, LAST_ID, nextId } from "../broker/entry-id.js";
import { type Config, prefixed } from "../config/config.js";
import { type ErrorCode, MessagingError } from "../errors.js";
import { type Client, Connection } from "../redis/connection.js";
import { greatestId } from "../redis/greatest-id.js";
import { type StreamKeys, streamKeys } from "../redis/keys.js";
import { indexed, marksOf } from "../redis/letters.js";
import { type PageRange, readBytes } from "../redis/page.js";
import { instantIn } from "../redis/redis-clock.js";
import { systemClock } from "../time/clock.js";
import { type DeadLetterFilter, matches } from "./dead-letter-filter.js";
import { type DeadLetterRecord, letterOf, longestLetter } from "./dead-letter-record.js";
import { type DeadLetterState, stateOf } from "./dead-letter-state.js";
import { isReturnable, originalOf } from "./original.js";

/** An entry that could not be handled, with its history. */
export interface DeadLetter extends DeadLetterRecord {
  /** Its id among the dead letters. */
  readonly id: string;
  readonly state: DeadLetterState;
}

/** Options of a change that is kept on record. */
export interface OperatorOptions {
  /** The person or program that makes the change. @defaultValue the operator's service name */
  readonly by?: string;
}

const PAGE = 50;
/** What `redriveAll` goes on after. */
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set(["DEAD_LETTER_MISSING", "MESSAGE_TOO_LARGE"]);
type Transaction = ReturnType<Client["multi"]>;

/** The dead letters of a system. A redriven or discarded one stays on record, with the operator's name and the time. */
export class DeadLetters {
  readonly #config: Config;
  readonly #connection: Connection;

  constructor(config: Config, connection: Connection) {
    this.#config = config;
    this.#connection = connection;
  }

  /**
   * Lists the dead letters of a stream (`events`), oldest first. They are read in pages, so any number is fine.
   *
   * @throws {ConnectionError} as the other calls do; each of them may be repeated
   */
  async *list(stream: string, filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    const keys = this.#keys(stream);
    for (let from = "-"; ; ) {
      const page = await this.#ask(`listing ${keys.dead}`, (client) => this.#read(client, keys, { from, most: PAGE }));
      for (const letter of page) if (matches(letter, filter)) yield letter;
      const last = page.at(-1);
      if (last === undefined) return;
      from = `(${last.id}`;
    }
  }

  /** @throws {MessagingError} `DEAD_LETTER_MISSING` */
  get(stream: string, id: string): Promise<DeadLetter> {
    const keys = this.#keys(stream);
    return this.#ask(`reading ${keys.dead}`, (client) => this.#get(client, keys, id));
  }

  /**
   * Returns a dead letter to its group. Other groups do not receive it, and its attempts start at 1. A dead letter that
   * is no longer open is left alone. Resolves to its state.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING` for an unknown id, or for one whose original had been deleted or cannot
   * be read; `MESSAGE_TOO_LARGE` for one whose entry is beyond this operator's `MESSAGE_MAX_BYTES`;
   * `PUBLISH_FAILED` when Redis refuses to add the entry, and the dead letter stays open; `PUBLISH_UNCERTAIN` when it
   * refuses to record that it did
   */
  async redrive(stream: string, id: string, options: OperatorOptions = {}): Promise<DeadLetterState> {
    const keys = this.#keys(stream);
    const by = options.by ?? this.#config.service;
    return this.#alone(`redriving ${id} of ${keys.dead}`, (client) => this.#redrive(client, keys, id, by));
  }

  /**
   * Redrives every open dead letter that matches and was there when it was called; resolves to their number. Those are left
   * out of which there is nothing to return, or more than this operator's `MESSAGE_MAX_BYTES`.
   * @example
   * // The database of one handler was away, and is back.
   * await using operations = new Operations();
   * await operations.deadLetters.redriveAll("events", { group: "billing-workers", reason: "ECONNREFUSED" });
   */
  async redriveAll(
    stream: string,
    filter: Omit<DeadLetterFilter, "state"> = {},
    options: OperatorOptions = {},
  ): Promise<number> {
    let count = 0;
    const { dead } = this.#keys(stream);
    const newest = await this.#ask(`reading ${dead}`, (client) => greatestId(client, dead));
    for await (const letter of this.list(stream, { ...filter, state: "open" })) {
      // What is redriven may be a dead letter again at once.
      if (comesBefore(newest, letter.id)) break;
      if (!isReturnable(letter)) continue;
      try {
        if ((await this.redrive(stream, letter.id, options)).state === "redriven") count++;
      } catch (error) {
        // It, or its entry, was removed, or is too large.
        if (!(error instanceof MessagingError) || !LEFT_OUT.has(error.code)) throw error;
      }
    }
    return count;
  }

  /**
   * Marks a dead letter as settled, with a reason. One that is no longer open is left alone. Resolves to its state.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING`
   */
  async discard(stream: string, id: string, reason: string, options: OperatorOptions = {}): Promise<DeadLetterState> {
    const keys = this.#keys(stream);
    const by = options.by ?? this.#config.service;
    return this.#alone(`discarding ${id} of ${keys.dead}`, async (client) => {
      for (;;) {
        await client.watch(keys.settled);
        const letter = await this.#get(client, keys, id);
        if (letter.state.state !== "open") return letter.state;
        const state: DeadLetterState = { state: "discarded", at: new Date().toISOString(), by, reason };
        // Not only where there is no mark: one that cannot be read leaves the letter open.
        const transaction = client.multi().hset(keys.settled, id, JSON.stringify(state));
        const replies = await moveInIndex(transaction, keys, letter).exec();
        if (replies === null) continue;
        const [[refusal] = []] = replies;
        if (refusal) throw refusal;
        return state;
      }
    });
  }

  /** On a connection of its own, because what is watched is the connection's. */
  async #alone<Reply>(what: string, settle: (client: Client) => Promise<Reply>): Promise<Reply> {
    const { redis, service } = this.#config;
    const connection = new Connection(redis, service, "settle", systemClock);
    try {
      return await connection.ask(what, settle);
    } finally {
      connection.close();
    }
  }

  #ask<Reply>(what: string, question: (client: Client) => Promise<Reply>): Promise<Reply> {
    return this.#connection.ask(what, question);
  }

  /**
   * Writes the new entry and the mark in one transaction. Its watch keeps two operators from redriving one letter. Redis
   * goes on with a transaction when one of its commands fails, so a mark without its entry is deleted again.
   */
  async #redrive(client: Client, keys: StreamKeys, id: string, by: string): Promise<DeadLetterState> {
    for (;;) {
      await client.watch(keys.settled);
      const letter = await this.#get(client, keys, id);
      if (letter.state.state !== "open") return letter.state;
      if (!isReturnable(letter))
        throw missing(
          `dead letter ${id} in ${keys.dead} cannot be redriven: ${letter.problem ?? "its original had been deleted"}`,
        );
      const what = `dead letter ${id} in ${keys.dead}`;
      const original = await originalOf(client, letter, { what, keys, maxBytes: this.#config.maxMessageBytes });
      const { redrive } = streamKeys(keys.stream, letter.group);
      await client.watch(redrive);
      // The mark contains the entry's id, so the id is chosen here: later than any in the stream.
      const entryId = await nextEntryId(client, redrive);
      const state: DeadLetterState = { state: "redriven", at: new Date().toISOString(), by, entryId };
      const transaction = client.multi();
      transaction.xadd(redrive, entryId, ...original);
      transaction.hset(keys.settled, id, JSON.stringify(state));
      moveInIndex(transaction, keys, letter);
      const replies = await transaction.exec();
      if (replies === null) continue;
      const [[notAdded] = [], [notMarked] = []] = replies;
      if (notAdded && !notMarked) {
        const { index } = keys;
        const undoing = client
          .multi()
          .hdel(keys.settled, id)
          .zrem(index, indexed(letter.group, "settled", id));
        await undoing.zadd(index, 0, indexed(letter.group, "open", id)).exec();
      }
      if (notAdded) throw failure("PUBLISH_FAILED", `dead letter ${id} was not returned to its group`, notAdded);
      // It is open still, so another redrive would return it once more.
      if (notMarked) throw failure("PUBLISH_UNCERTAIN", `dead letter ${id} was returned, but not marked`, notMarked);
      return state;
    }
  }

  async #get(client: Client, keys: StreamKeys, id: string): Promise<DeadLetter> {
    const [letter] = await this.#read(client, keys, { from: id, to: id, most: 1 });
    if (letter === undefined)
      throw missing(`there is no dead letter ${id} in ${keys.dead}: list them to see their ids`);
    return letter;
  }

  async #read(
    client: Client,
    keys: StreamKeys,
    range: Pick<PageRange, "from" | "to" | "most">,
  ): Promise<readonly DeadLetter[]> {
    const maxEntryBytes = longestLetter(this.#config.maxMessageBytes);
    const { entries } = await readBytes(client, keys.dead, { ...range, maxEntryBytes });
    if (entries.length === 0) return [];
    const found = await marksOf(
      client,
      keys.settled,
      entries.map(({ id }) => id),
    );
    return entries.map(({ id, fields, oversizedBytes }, at) => ({
      ...{ id, ...letterOf(fields, oversizedBytes), state: stateOf(found[at]) },
    }));
  }

  #keys(stream: string): StreamKeys {
    return streamKeys(prefixed(this.#config, stream), this.#config.group);
  }
}

/** It counts as open no longer. */
function moveInIndex(transaction: Transaction, { index }: StreamKeys, letter: DeadLetter): Transaction {
  const { group, id } = letter;
  return transaction.zrem(index, indexed(group, "open", id)).zadd(index, 0, indexed(group, "settled", id));
}

async function nextEntryId(client: Client, stream: string): Promise<string> {
  const time = await client.time();
  const last = await greatestId(client, stream);
  const next = nextId(last, instantIn(time));
  // With this one Redis refuses the entry, and says why.
  return next ?? LAST_ID;
}

function failure(code: ErrorCode, what: string, cause: Error): MessagingError {
  return new MessagingError(code, `${what}: Redis says ${cause.message}`, { cause });
}

function missing(text: string): MessagingError {
  return new MessagingError("DEAD_LETTER_MISSING", text);
}
