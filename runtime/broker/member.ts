import type { StreamKeys } from "../redis/keys.js";

/** One consumer of one group, on one stream. */
export interface Member {
  readonly keys: StreamKeys;
  readonly group: string;
  readonly consumer: string;
}

/** Holds a group's parked entries; nobody reads under this name. */
export const PARKED = "parked";
