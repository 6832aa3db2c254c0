import type { IdState } from "./id-state.js";

/** How much of a stream is kept, once every group has acknowledged it. */
export interface TrimBounds {
  readonly maxAgeMs: number;
  readonly maxLength: number;
  /** For how long no other service trims: at most a second. */
  readonly lockMs: number;
  /** After a pause of that length between two trims, for as long no group is destroyed: Redis' clock may have jumped. */
  readonly graceMs: number;
  /** Destroy groups that no consumer has served for `maxAgeMs`. */
  readonly expireGroups: boolean;
}

export interface TrimReport {
  readonly removed: number;
  /** The number of entries that remain. */
  readonly length: number;
  /** Groups that no consumer has served for `maxAgeMs` and that keep entries from being removed. */
  readonly unserved: readonly { readonly group: string; readonly silentMs: number }[];
  /** Those of them that were destroyed. */
  readonly expired: readonly string[];
  /** Entries that others removed before a group had read them, since the last report: at most so many. */
  readonly missed: readonly { readonly group: string; readonly count: number }[];
}

/** How many dead letters each group keeps, and for how long. */
export interface DeadBounds {
  readonly maxAgeMs: number;
  readonly maxLength: number;
}

/** Dead letters of a group that were removed, although nobody had redriven or discarded them. */
export interface DroppedLetters {
  readonly group: string;
  readonly count: number;
}

/** The dead letters of a group that were neither redriven nor discarded. */
export interface OpenLetters {
  readonly count: number;
  /** The age of the oldest; 0 when there is none. */
  readonly oldestMs: number;
  /** Those of the stream of all dead letters. */
  readonly ids: IdState;
}

/** An entry of a stream, undecoded. */
export interface LogEntry<Text = string> {
  readonly id: string;
  /** Name, value, … */
  readonly fields: readonly Text[];
  /** Where it has more bytes than a message may have: how many. Its fields are then its short ones. */
  readonly oversizedBytes?: number;
}

/** A stream as a log, independent of groups. */
export interface Log {
  readonly stream: string;
  /** Removes entries beyond the bounds. `undefined` if another service has just done so, or without a connection. */
  trim(bounds: TrimBounds): Promise<TrimReport | undefined>;
  /** Removes dead letters beyond the bounds. Resolves to those of them that were open. */
  boundDeadLetters(bounds: DeadBounds): Promise<readonly DroppedLetters[]>;
  /** Up to `count` entries that follow an id, the oldest first, at least one if there is any; and whether there may be more. */
  readAfter(id: string, count: number): Promise<{ readonly entries: readonly LogEntry[]; readonly isMore: boolean }>;
  /** The greatest id that an entry ever had there; `0-0` when there was none. */
  lastId(): Promise<string>;
}
