// operations/ holds the operator's tools. It may import every other room but testing/; none of them imports it.

export type { Whereabouts } from "../broker/letters.js";
export type {
  PartitionControl,
  PartitionGroup,
  PartitionHindrance,
  PartitionPlan,
  PartitionState,
} from "../broker/partition-control.js";
export type { Cause } from "../letters/cause.js";
export type { DeadLetterCause, DeadLetterCauses } from "../letters/causes.js";
export type { DeadLetterFilter } from "../letters/dead-letter-filter.js";
export type { DeadLetterState } from "../letters/dead-letter-state.js";
export type { DeadLetterSummary } from "../letters/dead-letter-summary.js";
export { DeadLetters } from "../letters/dead-letters.js";
export type { DeadLetterHistory } from "../letters/history.js";
export { type LetterMessage, readLetter } from "../letters/letter-message.js";
export type { DeadLetter, OperatorOptions, SettledLetter } from "../letters/letter-settler.js";
export type { PurgedGroup, PurgeRule } from "../letters/purge.js";
export type {
  GroupControl,
  Paused,
  PauseOptions,
  PauseResult,
  ResumeResult,
  RetryNowOptions,
} from "../messaging/group-control.js";
export type { AuditTrail, Change, Outcome } from "./audit/audit-trail.js";
export type { RecordedChange } from "./audit/recorded-changes.js";
export { diagnose } from "./diagnosis/diagnose.js";
export type { Limits } from "./diagnosis/limits.js";
export type { Problem, ProblemCode, Severity } from "./diagnosis/problem.js";
export { type DoctorOptions, examine } from "./doctor/doctor.js";
export type { Finding } from "./doctor/finding.js";
export type { Buried, BuryOptions } from "./groups/burial.js";
export { Groups } from "./groups/groups.js";
export type { PausedGroup } from "./groups/paused-group.js";
export type { Retired, RetireHindrance, RetireOptions, RetirePlan } from "./groups/retirement.js";
export type { HealthAlert, HealthRules } from "./health/alert.js";
export {
  HealthCollector,
  type HealthCollectorHooks,
  type HealthCollectorOptions,
} from "./health/collector.js";
export type { ServiceHealth } from "./health/service-health.js";
export { Operations } from "./operations.js";
export type { OperationsOptions } from "./operator.js";
export { Partitions } from "./partitions/partitions.js";
export type { Checkpoint, ReplayPosition } from "./replay/checkpoint.js";
export { type ReplayOptions, replay } from "./replay/replay.js";
export { ReplayError, type ReplayFailure, type ReplayProgress, type ReplayReport } from "./replay/replay-report.js";
export type { ReplayedEntry, ReplaySource } from "./replay/replay-source.js";
export type {
  GroupLetters,
  GroupStatus,
  HeldEntry,
  LetterCause,
  MemberStatus,
  Members,
  WorkStatus,
} from "./status/group-status.js";
export { prometheusText } from "./status/prometheus.js";
export { readStatus, type StatusOptions, StatusReader } from "./status/reader.js";
export type { RedisStatus } from "./status/redis-status.js";
export type { ServiceStatus } from "./status/service-status.js";
export type { PauseStatus, Status, StreamLetters, StreamStatus, TypeStatus } from "./status/status.js";
