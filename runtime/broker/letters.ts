/** A dead letter as it is stored. */
export interface StoredLetter {
  readonly id: string;
  /** Name, value, … */
  readonly fields: readonly Buffer[];
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

/**
 * Reads an entry of the stream to which the letters belong, or of what was redriven to a group. `undefined` if it is not
 * there, or another stream is named.
 */
export type ReadEntry = (stream: string, group: string, id: string) => Promise<readonly Buffer[] | undefined>;

/** The dead letters of a stream, for operators. */
export interface Letters {
  /** The name of the stream of letters, for error texts. */
  readonly name: string;
  /** Up to so many letters that follow an id, the oldest first: at least one if there is one. */
  page(after: string | undefined, count: number): Promise<readonly StoredLetter[]>;
  find(id: string): Promise<StoredLetter | undefined>;
  newestId(): Promise<string | undefined>;
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
