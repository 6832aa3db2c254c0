import type { Counts } from "./hooks.js";

/** The state of one stream in this service. `null` means unknown, not 0: Redis cannot tell. */
export interface StreamHealth {
  readonly group: string;
  /** `reading`, `busy` (no room for more entries), `stuck` (no group yet, or Redis does not answer) or `stopped`. */
  readonly loop: LoopState;
  /** Entries that have not been delivered to the group. */
  readonly lag: number | null;
  /** Entries that were delivered and not acknowledged, including those that wait for a retry. */
  readonly pending: number;
  /** The time since the oldest pending entry was published. */
  readonly oldest_pending_seconds: number;
  /** The pending entries that wait for a retry. */
  readonly retrying: number;
  /** Dead letters in this stream, of all its groups. */
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
