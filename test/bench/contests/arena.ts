import type { Redis } from "ioredis";
import type { Peers } from "../peers.js";
import type { Stage } from "../stage.js";

/** Where everything is measured. */
export interface Arena {
  readonly stage: Stage;
  /** Not there when offline, or not wanted. */
  readonly peers: Peers | undefined;
  readonly url: string;
  /** To look after that Redis. */
  readonly redis: Redis;
}

/** How entries are written; whatever reads or writes entries is measured in each. */
export const ENCODINGS = ["json", "fields"] as const;
export type Encoding = (typeof ENCODINGS)[number];
