// letters/ is what an operator does to dead letters, over the port. It may import delivery's base and handle/.
import { comesBefore } from "../broker/entry-id.js";
import type { Letters, StoredLetter } from "../broker/letters.js";
import { type Config, prefixed } from "../config/config.js";
import { type ErrorCode, MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import { type DeadLetterFilter, matches } from "./dead-letter-filter.js";
import { type DeadLetterRecord, letterOf } from "./dead-letter-record.js";
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

/** What the dead letters are read from. */
export interface LetterParts {
  readonly clock: Clock;
  /** @param stream - its whole name */
  readonly lettersOf: (stream: string) => Letters;
}

/** The dead letters of a system. A redriven or discarded one stays on record, with the operator's name and the time. */
export class DeadLetters {
  readonly #config: Pick<Config, "environment" | "service" | "maxMessageBytes">;
  readonly #parts: LetterParts;

  constructor(config: Pick<Config, "environment" | "service" | "maxMessageBytes">, parts: LetterParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /**
   * Lists the dead letters of a stream (`events`), oldest first. They are read in pages, so any number is fine.
   *
   * @throws {ConnectionError} as the other calls do; each of them may be repeated
   */
  async *list(stream: string, filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    const letters = this.#letters(stream);
    for (let after: string | undefined; ; ) {
      const page = (await letters.page(after, PAGE)).map(read);
      for (const letter of page) if (matches(letter, filter)) yield letter;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }

  /** @throws {MessagingError} `DEAD_LETTER_MISSING` */
  async get(stream: string, id: string): Promise<DeadLetter> {
    const letters = this.#letters(stream);
    return found(letters, id, await letters.find(id));
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
    const letters = this.#letters(stream);
    const by = options.by ?? this.#config.service;
    const what = `dead letter ${id} in ${letters.name}`;
    const maxBytes = this.#config.maxMessageBytes;
    return letters.settle("redriving", id, async (stored, entry) => {
      const letter = found(letters, id, stored);
      if (letter.state.state !== "open") return { kind: "left", state: letter.state };
      if (!isReturnable(letter)) {
        throw missing(`${what} cannot be redriven: ${letter.problem ?? "its original had been deleted"}`);
      }
      const original = await originalOf(letter, { what, entry, maxBytes });
      const at = this.#now();
      const stateOf = (entryId: string): DeadLetterState => ({ state: "redriven", at, by, entryId });
      return { kind: "returned", group: letter.group, original, stateOf };
    });
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
    const newest = await this.#letters(stream).newestId();
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
    const letters = this.#letters(stream);
    const by = options.by ?? this.#config.service;
    return letters.settle("discarding", id, async (stored) => {
      const { state, group } = found(letters, id, stored);
      if (state.state !== "open") return { kind: "left", state };
      const discarded: DeadLetterState = { state: "discarded", at: this.#now(), by, reason };
      return { kind: "marked", group, state: discarded };
    });
  }

  #now(): string {
    return new Date(this.#parts.clock.wall()).toISOString();
  }

  #letters(stream: string): Letters {
    return this.#parts.lettersOf(prefixed(this.#config, stream));
  }
}

function read({ id, fields, oversizedBytes, mark }: StoredLetter): DeadLetter {
  return { id, ...letterOf(fields, oversizedBytes), state: stateOf(mark) };
}

function found({ name }: Letters, id: string, letter: StoredLetter | undefined): DeadLetter {
  if (letter === undefined) throw missing(`there is no dead letter ${id} in ${name}: list them to see their ids`);
  return read(letter);
}

function missing(text: string): MessagingError {
  return new MessagingError("DEAD_LETTER_MISSING", text);
}
