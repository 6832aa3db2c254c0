import type { HealthAlert } from "./alert.js";

/** The latest report of one service. */
export interface ServiceHealth {
  readonly service: string;
  /** The status that the service reported: `healthy`, `unhealthy` or `unknown`. */
  readonly status: string;
  /** The time at which its last report reached the stream, by the clock of Redis. */
  readonly reportedAt: Date;
  /** Seconds since its last report, by the clock of Redis. An outage of Redis does not count. */
  readonly silentSeconds: number;
  readonly version: string | undefined;
  readonly uptimeSeconds: number | undefined;
  /** The details of the report. Services of this package report `redis`, `streams` and `counts`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The rules that the service breaks. */
  readonly alerts: readonly HealthAlert[];
}
