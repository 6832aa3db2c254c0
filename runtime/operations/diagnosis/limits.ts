/** From where on something counts as wrong. */
export interface Limits {
  /** The part of `maxmemory` that is used. @defaultValue 0.9 */
  readonly memoryUsed: number;
  /** For how long a retry may be overdue. @defaultValue 30_000 */
  readonly overdueMs: number;
  /** For how long a member may have an entry while others wait. @defaultValue 60_000 */
  readonly heldMs: number;
  /** By how many entries a second a lag may grow while members live. @defaultValue 1 */
  readonly lagPerSecond: number;
  /** After how many of its intervals a service that does not report counts as lost. @defaultValue 3 */
  readonly missedReports: number;
  /** For how long a service may be silent of which a single report is known. @defaultValue 300_000 */
  readonly silentMs: number;
  /** For how long a pause without an end may last until it counts as forgotten. @defaultValue 3_600_000 */
  readonly pausedMs: number;
  /** By how much Redis' clock may differ from this machine's. @defaultValue 1000 */
  readonly clockMs: number;
  /** By how many bytes a replica may be behind. @defaultValue 10_000_000 */
  readonly replicaBytes: number;
  /** From how many deaths on a message counts as poisonous that is not a dead letter yet. @defaultValue 2 */
  readonly deaths: number;
}

export const LIMITS: Limits = {
  memoryUsed: 0.9,
  overdueMs: 30_000,
  heldMs: 60_000,
  lagPerSecond: 1,
  missedReports: 3,
  silentMs: 300_000,
  pausedMs: 3_600_000,
  clockMs: 1000,
  replicaBytes: 10_000_000,
  deaths: 2,
};
