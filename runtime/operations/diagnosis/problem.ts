/**
 * How bad something is. `critical`: messages are not handled, or may be lost. `warning`: somebody has to do something soon.
 * `notice`: it is so on purpose, or over, and worth knowing.
 */
export type Severity = "critical" | "warning" | "notice";

/** Names one kind of what may be wrong. The list grows; no code changes its meaning. */
export type ProblemCode =
  | "KEY_WRONG_TYPE"
  | "REDIS_EVICTS"
  | "REDIS_FULL"
  | "REDIS_NOT_SAVING"
  | "REDIS_REPLICA"
  | "REPLICA_BEHIND"
  | "MASTER_AWAY"
  | "SLOTS_UNCOVERED"
  | "CLUSTER_DOWN"
  | "STREAM_UNSEEN"
  | "NODE_ISOLATED"
  | "REPLICA_AWAY"
  | "REPLICA_UNLINKED"
  | "MASTER_ALONE"
  | "CONNECTIONS_REFUSED"
  | "CLOCK_WRONG"
  | "STREAM_EXHAUSTED"
  | "STREAM_AHEAD"
  | "STREAM_UNREAD"
  | "STREAMS_MISSING"
  | "TYPE_UNHANDLED"
  | "GROUP_UNSERVED"
  | "CONSUMER_DEAD"
  | "RETRY_OVERDUE"
  | "REDRIVEN_UNSERVED"
  | "MESSAGE_POISONOUS"
  | "HANDLER_SLOW"
  | "LAG_GROWING"
  | "HANDOVER_WAITING"
  | "CONTRACT_BROKEN"
  | "LETTERS_OPEN"
  | "LETTERS_ENDING"
  | "LETTERS_UNCOUNTED"
  | "SERVICE_LOST"
  | "SERVICE_UNHEALTHY"
  | "MEMBER_OVERTAKEN"
  | "GROUP_PAUSED"
  | "RIGHT_MISSING";

/** Something that is wrong, for a person and for a program. */
export interface Problem {
  readonly severity: Severity;
  readonly code: ProblemCode;
  /** What is wrong, with the names and the numbers, without a full stop. Safe for a terminal. */
  readonly sentence: string;
  /** What mends it or shows more, to be copied into a shell; in words where no command can do it. */
  readonly command?: string;
  /** The whole name of the stream that it is about. */
  readonly stream?: string;
  readonly group?: string;
}
