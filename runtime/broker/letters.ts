import type { LogEntry } from "./log.js";

/** A dead letter as it is stored. */
export interface StoredLetter extends LogEntry<Buffer> {
  /** How it was settled, as JSON. */
  readonly mark: string | null | undefined;
}

/** What becomes of a letter: it is left as it is, gets a mark, or its entry is returned to its group and it gets a mark. */
export type Settlement<State extends object> =
  | { readonly kind: "left"; readonly state: State }
  | { readonly kind: "marked"; readonly group: string; readonly state: State }
  | {
      readonly kind: "returned";
      readonly group: string;
      readonly original: readonly Buffer[];
      /** @param entryId - that of the entry which is returned */
      readonly stateOf: (entryId: string) => State;
    };

/** An entry to which a letter refers. */
export interface EntryPlace {
  readonly stream: string;
  readonly group: string;
  readonly id: string;
  /** One of more bytes is abridged. */
  readonly maxBytes: number;
}

/**
 * Reads an entry of the stream to which the letters belong, or of what was redriven to a group. `foreign` if another stream
 * is named.
 */
export type ReadEntry = (place: EntryPlace) => Promise<LogEntry<Buffer> | "foreign" | undefined>;

/** What of the letters to read without their entries. */
export interface HeadRange {
  /** Those that follow this id. @defaultValue all from the first one on */
  readonly after?: string | undefined;
  /** None behind this id. */
  readonly until?: string | undefined;
  /** The fields of the record to read. Of `errors` only the last one, of any other its first thousand bytes. */
  readonly names: readonly string[];
  /** Only letters of this message or entry, by its id. */
  readonly of?: string | undefined;
}

/** A letter without its entry. */
export interface LetterHead {
  readonly id: string;
  /** Name, value, … */
  readonly fields: readonly Buffer[];
  /** How many bytes the whole letter has. */
  readonly bytes: number;
  /** How it was settled, as JSON. */
  readonly mark: string | null | undefined;
}

/** Heads of letters, the oldest first. */
export interface HeadPage {
  readonly heads: readonly LetterHead[];
  /** The id after which to go on; `undefined` when there are no more. A page may be empty although there are. */
  readonly next: string | undefined;
}

/** Where an entry that was returned to its group is. */
export type Whereabouts =
  /** No member has read it, or it was given back. */
  | "waiting"
  /** A member holds it. */
  | "pending"
  /** It failed, and waits for its retry. */
  | "parked"
  /** It was acknowledged: handled, skipped, or a dead letter again; or others removed it. */
  | "settled";

/** Settles letters one after the other. */
export interface Settling {
  /**
   * Settles a letter as it is judged. If others settle it meanwhile, it is judged again.
   * @param what - for error texts: `redriving`
   */
  settle<State extends object>(
    what: string,
    id: string,
    judge: (letter: StoredLetter | undefined, entry: ReadEntry) => Promise<Settlement<State>>,
  ): Promise<State>;
  /** Ends what it holds. */
  close(): void;
}

/** The dead letters of a stream, for operators. */
export interface Letters {
  /** The name of the stream of letters, for error texts. */
  readonly name: string;
  /** Up to so many letters that follow an id, the oldest first: at least one if there is one. */
  page(after: string | undefined, count: number): Promise<readonly StoredLetter[]>;
  /** Reads letters without their entries, so many at once as keep Redis busy for some milliseconds. */
  heads(range: HeadRange): Promise<HeadPage>;
  find(id: string): Promise<StoredLetter | undefined>;
  /** The greatest id that a letter ever had. */
  newestId(): Promise<string>;
  settling(): Settling;
  /** Removes letters in whatever state, and what is recorded of them. Resolves to the number of those that were there. */
  remove(letters: readonly { readonly id: string; readonly group: string }[]): Promise<number>;
  /** @param entryId - that of an entry which was returned to its group */
  whereabouts(group: string, entryId: string): Promise<Whereabouts>;
}
