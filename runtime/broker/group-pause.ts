/** What an operator has paused: a group of a stream, or one type of it. */
export interface GroupPause {
  /** The type as it stands in the entries; `undefined` for the whole group. */
  readonly type: string | undefined;
  /** When it ends by itself, in ms since 1970 on the broker's clock; `undefined` when it lasts until it is resumed. */
  readonly until: number | undefined;
  /** Since when, in ms since 1970 on the broker's clock; `undefined` when the record does not tell. */
  readonly at: number | undefined;
  /** Who paused it; empty when the record does not tell. */
  readonly by: string;
  readonly why: string | undefined;
}

/** An entry whose type is paused: it is parked, and counts as not delivered. */
export interface Aside {
  readonly id: string;
  readonly type: string;
  /** It may have been settled already: the one from whom it was taken over may live after all. */
  readonly isContested: boolean;
}

/** An entry of a paused type waits for so long at most before it is looked at again. */
export const LOOK_AGAIN_MS = 3_600_000;
