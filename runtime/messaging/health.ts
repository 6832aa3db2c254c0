import type { Counts } from "./hooks.js";

/** The state of one stream in this service. `null` means unknown, not 0: Redis cannot tell. */
export interface StreamHealth {
  readonly group: string;
  /**
   * `reading`, `busy` (no room for more entries), `paused` (the whole group, by an operator), `stuck` (no group yet, or Redis
   * does not answer) or `stopped`.
   */
  readonly loop: LoopState;
  /** Entries that have not been delivered to the group, redriven ones included. */
  readonly lag: number | null;
  /** Entries that were delivered and not acknowledged, including redriven ones and those that wait for a retry. */
  readonly pending: number;
  /** The time since the oldest pending entry was published or redriven. */
  readonly oldest_pending_seconds: number;
  /** The pending entries that wait for a retry. */
  readonly retrying: number;
  /** The group's dead letters in this stream that were neither redriven nor discarded. */
  readonly dead_letters: number;
  /** The time since the oldest of them became one. */
  readonly oldest_dead_letter_seconds: number;
  /**
   * Whether entries can be added, and their ids tell when they were: `ahead` if they are far ahead of Redis' clock,
   * `exhausted` if the stream has the last possible id, so that nothing can be published to it.
   */
  readonly ids: "current" | "ahead" | "exhausted";
  /** What an operator has paused of the group: types, or all of it where the type is `null`. */
  readonly paused: readonly PauseHealth[];
  /** What an operator should do, a sentence each. Empty when nothing. */
  readonly advice: readonly string[];
}

/** What an operator has paused. */
export interface PauseHealth {
  readonly type: string | null;
  /** When it ends by itself; `null` when it lasts until it is resumed. */
  readonly until: string | null;
  readonly by: string;
  readonly why: string | null;
}

/** The outbox from which this service's relay publishes. */
export interface OutboxHealth {
  /** Messages that are committed and not published yet; more than 100,000 are not counted. */
  readonly waiting: number;
  /** The time since the oldest of them was written. */
  readonly oldest_waiting_seconds: number;
  /** Messages that cannot be published, and wait for an operator. */
  readonly refused: number;
  /** What an operator should do, a sentence each. Empty when nothing. */
  readonly advice: readonly string[];
}

/** The heartbeats of this service's consumers, by which others know that they live. */
export interface HeartbeatHealth {
  /**
   * `confirmed`; `covered`: their own connection does not get through, and another one sends them; `unconfirmed`: Redis
   * has confirmed none for a lease, so these consumers take over nothing and read nothing, and keep what they hold.
   */
  readonly state: "confirmed" | "covered" | "unconfirmed";
  /** What hinders them, as Redis or the network says. */
  readonly reason: string | null;
}

/** The state of a read loop. */
export type LoopState = "reading" | "busy" | "paused" | "stuck" | "stopped";

/** The result of `health()`, and the details of health messages. */
export interface Health {
  readonly status: "healthy" | "unhealthy" | "unknown";
  readonly uptime_seconds: number;
  readonly version: string | undefined;
  readonly details: {
    readonly redis: { readonly connected: boolean; readonly latency_ms: number | null };
    /** `null` while no consumer is started. */
    readonly heartbeat: HeartbeatHealth | null;
    readonly streams: Readonly<Record<string, StreamHealth>>;
    /** Of a service that has a relay alone. `null` means unknown: the database does not answer. */
    readonly outbox?: OutboxHealth | null;
    readonly counts: Counts;
  };
}
