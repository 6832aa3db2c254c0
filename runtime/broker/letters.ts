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

/** The dead letters of a stream, for operators. */
export interface Letters {
  /** The name of the stream of letters, for error texts. */
  readonly name: string;
  /** Up to so many letters that follow an id, the oldest first: at least one if there is one. */
  page(after: string | undefined, count: number): Promise<readonly StoredLetter[]>;
  find(id: string): Promise<StoredLetter | undefined>;
  /** The greatest id that a letter ever had. */
  newestId(): Promise<string>;
  /**
   * Settles a letter as it is judged. If others settle it meanwhile, it is judged again.
   * @param what - for error texts: `redriving`
   */
  settle<State extends object>(
    what: string,
    id: string,
    judge: (letter: StoredLetter | undefined, entry: ReadEntry) => Promise<Settlement<State>>,
  ): Promise<State>;
}
