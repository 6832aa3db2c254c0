/** What must hold of every service. A rule that is left out is not watched. */
export interface HealthRules {
  /** More entries than this wait in one stream for one service. Unknown lag breaks no rule. */
  readonly lagAbove?: number;
  /** A service's oldest pending entry was published longer ago than this. */
  readonly pendingOlderThanSeconds?: number;
  /** A stream has more dead letters than at the report before; cleared by a report that has no more. */
  readonly deadLettersGrowing?: boolean;
  /** Nothing has come from a service for longer than this; best several of its intervals. */
  readonly silentForSeconds?: number;
  /** A service reports itself as unhealthy. */
  readonly unhealthy?: boolean;
}

/** One broken rule, with what broke it. To be told apart by `rule`. */
export type HealthAlert =
  | (Place & { readonly rule: "lagAbove"; readonly lag: number; readonly limit: number })
  | (Place & { readonly rule: "pendingOlderThanSeconds"; readonly seconds: number; readonly limit: number })
  | (Place & { readonly rule: "deadLettersGrowing"; readonly deadLetters: number; readonly before: number })
  | { readonly rule: "silentForSeconds"; readonly service: string; readonly seconds: number; readonly limit: number }
  | { readonly rule: "unhealthy"; readonly service: string };

interface Place {
  readonly service: string;
  /** The whole name of the stream. */
  readonly stream: string;
}

/** What the rules need to know of one stream of a service; `undefined` where the report does not tell. */
export interface StreamReport {
  readonly lag: number | undefined;
  readonly pendingSeconds: number | undefined;
  readonly deadLetters: number | undefined;
}

/** What the rules need to know of one report. */
export interface ServiceReport {
  readonly service: string;
  readonly status: string;
  readonly streams: ReadonlyMap<string, StreamReport>;
}

/** Every rule that a report breaks, where `before` is the report that preceded it. Silence is no report's affair. */
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

/** Under what an alert is known: as long as it stands, the same is not raised again. */
export function alertKey(alert: HealthAlert): string {
  return JSON.stringify([alert.rule, alert.service, "stream" in alert ? alert.stream : ""]);
}
