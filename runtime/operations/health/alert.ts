/** Limits for every service. A rule that is left out is not checked. */
export interface HealthRules {
  /** Broken when more entries than this wait in one stream for one service. Unknown lag never breaks it. */
  readonly lagAbove?: number;
  /** Broken when a service's oldest pending entry was published more than this many seconds ago. */
  readonly pendingOlderThanSeconds?: number;
  /** Broken when a stream has more dead letters than in the previous report, until a report has no more. */
  readonly deadLettersGrowing?: boolean;
  /** Broken when a service has not reported for more seconds than this. Use several of its intervals. */
  readonly silentForSeconds?: number;
  /** Broken when a service reports itself as unhealthy. */
  readonly unhealthy?: boolean;
}

/** One broken rule, with the values that broke it. Discriminated by `rule`. */
export type HealthAlert =
  | (Place & { readonly rule: "lagAbove"; readonly lag: number; readonly limit: number })
  | (Place & { readonly rule: "pendingOlderThanSeconds"; readonly seconds: number; readonly limit: number })
  | (Place & { readonly rule: "deadLettersGrowing"; readonly deadLetters: number; readonly before: number })
  | { readonly rule: "silentForSeconds"; readonly service: string; readonly seconds: number; readonly limit: number }
  | { readonly rule: "unhealthy"; readonly service: string };

interface Place {
  readonly service: string;
  /** The full name of the stream. */
  readonly stream: string;
}

/** The values of one stream that the rules use; `undefined` if the report lacks them. */
export interface StreamReport {
  readonly lag: number | undefined;
  readonly pendingSeconds: number | undefined;
  readonly deadLetters: number | undefined;
}

/** The values of one report that the rules use. */
export interface ServiceReport {
  readonly service: string;
  readonly status: string;
  readonly streams: ReadonlyMap<string, StreamReport>;
}

/** Every rule that a report breaks; `before` is the previous report. Silence is not judged here. */
export function alertsOf(rules: HealthRules, now: ServiceReport, before: ServiceReport | undefined): HealthAlert[] {
  const { service } = now;
  const alerts: HealthAlert[] = [];
  if (rules.unhealthy === true && now.status === "unhealthy") alerts.push({ rule: "unhealthy", service });
  for (const [stream, { lag, pendingSeconds, deadLetters }] of now.streams) {
    const place = { service, stream };
    const { lagAbove, pendingOlderThanSeconds, deadLettersGrowing } = rules;
    if (lagAbove !== undefined && lag !== undefined && lag > lagAbove) {
      alerts.push({ ...place, rule: "lagAbove", lag, limit: lagAbove });
    }
    if (pendingOlderThanSeconds !== undefined && pendingSeconds !== undefined) {
      const alert = {
        rule: "pendingOlderThanSeconds",
        seconds: pendingSeconds,
        limit: pendingOlderThanSeconds,
      } as const;
      if (pendingSeconds > pendingOlderThanSeconds) alerts.push({ ...place, ...alert });
    }
    const earlier = before?.streams.get(stream)?.deadLetters;
    if (deadLettersGrowing === true && deadLetters !== undefined && earlier !== undefined && deadLetters > earlier) {
      alerts.push({ ...place, rule: "deadLettersGrowing", deadLetters, before: earlier });
    }
  }
  return alerts;
}

/** The identity of an alert. An active alert is not raised again. */
export function alertKey(alert: HealthAlert): string {
  return JSON.stringify([alert.rule, alert.service, "stream" in alert ? alert.stream : ""]);
}
