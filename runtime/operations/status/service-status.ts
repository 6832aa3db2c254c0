/** A service, by its last report in the health stream and what it announced of its start and its end. */
export interface ServiceStatus {
  readonly name: string;
  /** What the report says: `healthy`. `null` when the service has not reported lately. */
  readonly status: string | null;
  readonly version: string | null;
  /** The time since its last report. */
  readonly silentMs: number | null;
  /** The time between its reports, by those that were read; `null` with a single one. */
  readonly intervalMs: number | null;
  readonly uptimeSeconds: number | null;
  /** The time since the last start of a process of it that has not announced its end. */
  readonly startedMs: number | null;
  /** The time since one of its processes announced its end. */
  readonly stoppedMs: number | null;
  /** Whether a member of any of its groups is alive; `null` when it has none. */
  readonly isAlive: boolean | null;
  /** Messages that it was handling while another member took them over, since the process started. */
  readonly overtaken: number;
  /** Those of them that are new among the reports that were read. */
  readonly overtakenLately: number;
  /** Why Redis does not confirm its heartbeats; `null` when it does. */
  readonly heartbeatProblem: string | null;
}
