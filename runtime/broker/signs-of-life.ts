/** `covered` beats are not sent by the heartbeat's own connection; `unconfirmed` ones have not arrived for a lease. */
export interface HeartbeatState {
  readonly state: "confirmed" | "covered" | "unconfirmed";
  /** What hinders them. */
  readonly reason: string | null;
}

/** What tells which consumers of a group live. */
export interface SignsOfLife {
  /** The time of this look, in ms, on a clock that stands still while this member's own heartbeats are not confirmed. */
  readonly confirmedMs: number;
  /** The connection that was asked: looks of two sessions cannot be compared, because the broker may have been started again. */
  readonly session: number;
  /** The heartbeats of all members, this one among them; an empty text where one is lost. */
  readonly beats: ReadonlyMap<string, string>;
  /** For how many ms each other consumer has asked for nothing. Those without a heartbeat are in another language. */
  readonly idleMs: ReadonlyMap<string, number>;
  /** The other consumers that have entries pending. */
  readonly holders: readonly string[];
}
