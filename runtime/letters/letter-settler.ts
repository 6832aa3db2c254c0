import { comesBefore } from "../broker/entry-id.js";
import type { Letters, ReadEntry, Settling, StoredLetter } from "../broker/letters.js";
import type { Config } from "../config/config.js";
import { type ErrorCode, MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import type { DeadLetterFilter } from "./dead-letter-filter.js";
import { type DeadLetterRecord, letterOf } from "./dead-letter-record.js";
import { type DeadLetterState, stateOf } from "./dead-letter-state.js";
import type { DeadLetterSummary } from "./dead-letter-summary.js";
import type { EditedEntry } from "./edited-entry.js";
import { summariesOf } from "./letter-reading.js";
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

/** What became of a letter. */
export interface SettledLetter {
  /** The letter as it was. */
  readonly letter: DeadLetterSummary;
  /** Its state now. */
  readonly state: DeadLetterState;
  /** Why it was left as it is. */
  readonly error?: MessagingError;
}

/** What makes the entry that is returned from the one that died. */
export type Edit = (original: readonly Buffer[]) => EditedEntry;
export type Settle = (settler: LetterSettler, id: string) => Promise<DeadLetterState>;

/** After these the next letter is redriven. */
const LEFT_OUT: ReadonlySet<ErrorCode> = new Set(["DEAD_LETTER_MISSING", "MESSAGE_TOO_LARGE"]);

/** Settles the dead letters of a stream, one after the other. */
export class LetterSettler {
  readonly #letters: Letters;
  readonly #config: Pick<Config, "service" | "maxMessageBytes">;
  readonly #clock: Clock;
  readonly #settling: Settling;

  constructor(letters: Letters, config: Pick<Config, "service" | "maxMessageBytes">, clock: Clock) {
    this.#letters = letters;
    this.#config = config;
    this.#clock = clock;
    this.#settling = letters.settling();
  }

  /** Settles one letter, and ends. */
  async one<Result>(settle: (settler: LetterSettler) => Promise<Result>): Promise<Result> {
    try {
      return await settle(this);
    } finally {
      this.#settling.close();
    }
  }

  /** Settles every open letter that matches and is there now, and ends. */
  async *each(filter: DeadLetterFilter, settle: Settle): AsyncGenerator<SettledLetter, void, undefined> {
    const letters = this.#letters;
    try {
      // What is redriven may be a dead letter again at once.
      const newest = await letters.newestId();
      for await (const letter of summariesOf(letters, { ...filter, state: "open" }, newest)) {
        if (comesBefore(newest, letter.id)) return;
        yield await settled(letter, () => settle(this, letter.id));
      }
    } finally {
      this.#settling.close();
    }
  }

  redrive(id: string, { by = this.#config.service }: OperatorOptions, edit?: Edit): Promise<DeadLetterState> {
    return this.#settling.settle("redriving", id, async (stored, entry) => {
      const letter = found(this.#letters, id, stored);
      if (letter.state.state !== "open") return { kind: "left", state: letter.state };
      const original = await this.#original(letter, entry);
      const edited = edit?.(original);
      const isEdited = edited !== undefined && edited.changed.length > 0;
      const at = this.#now();
      const stateOf = (entryId: string): DeadLetterState => {
        return { state: "redriven", at, by, entryId, ...(isEdited && { changed: edited.changed }) };
      };
      const returned = isEdited ? edited.entry.map((text) => Buffer.from(text)) : original;
      return { kind: "returned", group: letter.group, original: returned, stateOf };
    });
  }

  /** What an edited copy would be, in whatever state the letter is. Nothing is changed. */
  preview(id: string, edit: Edit): Promise<EditedEntry> {
    return this.#settling.settle("reading", id, async (stored, entry) => {
      const original = await this.#original(found(this.#letters, id, stored), entry);
      return { kind: "left", state: edit(original) };
    });
  }

  discard(id: string, reason: string, { by = this.#config.service }: OperatorOptions): Promise<DeadLetterState> {
    return this.#settling.settle("discarding", id, async (stored) => {
      const { state, group } = found(this.#letters, id, stored);
      if (state.state !== "open") return { kind: "left", state };
      const discarded: DeadLetterState = { state: "discarded", at: this.#now(), by, reason };
      return { kind: "marked", group, state: discarded };
    });
  }

  async #original(letter: DeadLetter, entry: ReadEntry): Promise<readonly Buffer[]> {
    const what = `dead letter ${letter.id} in ${this.#letters.name}`;
    if (!isReturnable(letter)) {
      throw missing(`${what} cannot be redriven: ${letter.problem ?? "its original had been deleted"}`);
    }
    return originalOf(letter, { what, entry, maxBytes: this.#config.maxMessageBytes });
  }

  #now(): string {
    return new Date(this.#clock.wall()).toISOString();
  }
}

async function settled(letter: DeadLetterSummary, settle: () => Promise<DeadLetterState>): Promise<SettledLetter> {
  try {
    return { letter, state: await settle() };
  } catch (error) {
    // It, or its entry, was removed, or is too large.
    if (!(error instanceof MessagingError) || !LEFT_OUT.has(error.code)) throw error;
    return { letter, state: letter.state, error };
  }
}

export function read({ id, fields, oversizedBytes, mark }: StoredLetter): DeadLetter {
  return { id, ...letterOf(fields, oversizedBytes), state: stateOf(mark) };
}

export function found({ name }: Letters, id: string, letter: StoredLetter | undefined): DeadLetter {
  if (letter === undefined) throw missing(`there is no dead letter ${id} in ${name}: list them to see their ids`);
  return read(letter);
}

function missing(text: string): MessagingError {
  return new MessagingError("DEAD_LETTER_MISSING", text);
}
