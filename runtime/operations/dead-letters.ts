import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import { MessagingError } from "../errors.js";
import type { Client, Connection } from "../redis/connection.js";
import { type DeadLetterRecord, letterOf } from "../redis/dead-letter-record.js";
import { field } from "../redis/info.js";
import { type StreamKeys, streamKeys } from "../redis/keys.js";

/** What became of a dead letter. */
export type DeadLetterState =
  | { readonly state: "open" }
  /** Given to its group again, as this entry of its redrive stream. */
  | { readonly state: "redriven"; readonly at: string; readonly by: string; readonly entryId: string }
  | { readonly state: "discarded"; readonly at: string; readonly by: string; readonly reason: string };

/** An entry that could not be handled, with its whole history. */
export interface DeadLetter extends DeadLetterRecord {
  /** Its own id in the dead letters. */
  readonly id: string;
  readonly state: DeadLetterState;
}

/** Which dead letters. */
export interface DeadLetterFilter {
  readonly group?: string;
  readonly type?: string;
  /** @defaultValue "open" */
  readonly state?: DeadLetterState["state"] | "any";
}

/** Who does it, for the trace. */
export interface OperatorOptions {
  /** @defaultValue the operator's service name */
  readonly by?: string;
}

const PAGE = 50;

/**
 * The dead letters of a system. Nothing leaves without a trace: what is redriven or discarded stays on record, marked
 * with who did it and when.
 */
export class DeadLetters {
  readonly #config: Config;
  readonly #connection: Connection;

  constructor(config: Config, connection: Connection) {
    this.#config = config;
    this.#connection = connection;
  }

  /** The dead letters of a stream (`events`), the oldest first. Read in pages, so their number does not matter. */
  async *list(stream: string, filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    const keys = this.#keys(stream);
    const client = await this.#connection.ready();
    for (let from = "-"; ; ) {
      const page = await client.xrangeBuffer(keys.dead, from, "+", "COUNT", PAGE);
      for (const letter of await this.#read(client, keys, page)) if (matches(letter, filter)) yield letter;
      const last = page[page.length - 1];
      if (last === undefined || page.length < PAGE) return;
      from = `(${last[0].toString()}`;
    }
  }

  /** @throws {MessagingError} `DEAD_LETTER_MISSING` */
  async get(stream: string, id: string): Promise<DeadLetter> {
    return this.#get(await this.#connection.ready(), this.#keys(stream), id);
  }

  /**
   * Gives a dead letter to its group again, and to that group alone: other groups see nothing of it, and its attempts
   * start anew. Does nothing but say so when it was redriven before.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING` for an unknown id, or one whose original had been deleted
   */
  async redrive(stream: string, id: string, options: OperatorOptions = {}): Promise<DeadLetterState> {
    const keys = this.#keys(stream);
    const client = (await this.#connection.ready()).duplicate({ lazyConnect: true });
    client.on("error", () => {});
    try {
      await client.connect();
      return await this.#redrive(client, keys, id, options.by ?? this.#config.service);
    } finally {
      client.disconnect();
    }
  }

  /** Redrives every one that matches and is open; resolves to how many. */
  async redriveAll(
    stream: string,
    filter: Omit<DeadLetterFilter, "state"> = {},
    options: OperatorOptions = {},
  ): Promise<number> {
    let count = 0;
    for await (const { id, original } of this.list(stream, { ...filter, state: "open" })) {
      if (original.length === 0) continue;
      await this.redrive(stream, id, options);
      count++;
    }
    return count;
  }

  /**
   * Sets a dead letter aside, with the reason: nobody needs to look at it again.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING`
   */
  async discard(stream: string, id: string, reason: string, options: OperatorOptions = {}): Promise<DeadLetterState> {
    const keys = this.#keys(stream);
    const client = await this.#connection.ready();
    await this.#get(client, keys, id);
    const state: DeadLetterState = {
      state: "discarded",
      at: new Date().toISOString(),
      by: options.by ?? this.#config.service,
      reason,
    };
    await client.hsetnx(keys.settled, id, JSON.stringify(state));
    return (await this.#get(client, keys, id)).state;
  }

  /** The mark and the new entry are written together, and only while there is no mark: watched, for two at once. */
  async #redrive(client: Client, keys: StreamKeys, id: string, by: string): Promise<DeadLetterState> {
    for (;;) {
      await client.watch(keys.settled);
      const letter = await this.#get(client, keys, id);
      if (letter.state.state !== "open") return letter.state;
      if (letter.original.length === 0) throw missing(keys, id, "the original had been deleted from its stream");
      const { redrive } = streamKeys(keys.stream, letter.group);
      await client.watch(redrive);
      // The mark needs the entry's id before Redis gives one: an explicit one, later than any that is there.
      const entryId = await nextEntryId(client, redrive);
      const state: DeadLetterState = { state: "redriven", at: new Date().toISOString(), by, entryId };
      const transaction = client.multi();
      transaction.xadd(redrive, entryId, ...letter.original);
      transaction.hset(keys.settled, id, JSON.stringify(state));
      if ((await transaction.exec()) !== null) return state;
    }
  }

  async #get(client: Client, keys: StreamKeys, id: string): Promise<DeadLetter> {
    const page = await client.xrangeBuffer(keys.dead, id, id);
    const [letter] = await this.#read(client, keys, page);
    if (letter === undefined) throw missing(keys, id, "list them to see which there are");
    return letter;
  }

  async #read(client: Client, keys: StreamKeys, page: readonly [Buffer, Buffer[]][]): Promise<DeadLetter[]> {
    if (page.length === 0) return [];
    const ids = page.map(([id]) => id.toString());
    const marks = await client.hmget(keys.settled, ...ids);
    return page.map(([, fields], at) => ({ id: ids[at] as string, ...letterOf(fields), state: stateOf(marks[at]) }));
  }

  #keys(stream: string): StreamKeys {
    return streamKeys(prefixed(this.#config, stream), this.#config.group);
  }
}

function stateOf(mark: string | null | undefined): DeadLetterState {
  return mark ? (JSON.parse(mark) as DeadLetterState) : { state: "open" };
}

function matches(letter: DeadLetter, { group, type, state = "open" }: DeadLetterFilter): boolean {
  return (
    (group === undefined || letter.group === group) &&
    (type === undefined || letter.type === type) &&
    (state === "any" || letter.state.state === state)
  );
}

async function nextEntryId(client: Client, stream: string): Promise<string> {
  const [seconds, micros] = await client.time();
  const info = (await client.exists(stream)) === 0 ? [] : ((await client.xinfo("STREAM", stream)) as unknown[]);
  const last = String(field(info, "last-generated-id") ?? "0-0");
  const [ms = 0, sequence = 0] = last.split("-").map(Number);
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  return now > ms ? `${now}-0` : `${ms}-${sequence + 1}`;
}

function missing(keys: StreamKeys, id: string, why: string): MessagingError {
  return new MessagingError("DEAD_LETTER_MISSING", `there is no dead letter ${id} in ${keys.dead} to redrive: ${why}`);
}
