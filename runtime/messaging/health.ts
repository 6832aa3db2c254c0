import type { Counts } from "./hooks.js";

/** The state of one stream as this service sees it. `null` stands for what Redis cannot tell: unknown is not 0. */
export interface StreamHealth {
  readonly group: string;
  /** Whether entries are read: `reading`, `busy` (no room for more), or `stuck` (Redis does not answer). */
  readonly loop: LoopState;
  /** Entries that have not been delivered to the group. */
  readonly lag: number | null;
  /** Entries that were delivered and are not acknowledged, including those that wait for a retry. */
  readonly pending: number;
  /** How long ago the oldest pending entry was published. */
  readonly oldest_pending_seconds: number;
  /** The pending entries that wait for a retry. */
  readonly retrying: number;
  /** Dead letters of this stream, of all its groups, that were written and not removed. */
  readonly dead_letters: number;
}

/** The state of a read loop. */
export type LoopState = "reading" | "busy" | "stuck" | "stopped";

/** The result of `health()`, and the details of health messages. */
export interface Health {
  readonly status: "healthy" | "unhealthy" | "unknown";
  readonly uptime_seconds: number;
  readonly version: string | undefined;
  readonly details: {
    readonly redis: { readonly connected: boolean; readonly latency_ms: number | null };
    readonly streams: Readonly<Record<string, StreamHealth>>;
    readonly counts: Counts;
  };
}
