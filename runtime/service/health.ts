import type { Broker } from "../broker/broker.js";
import type { Config } from "../config/config.js";
import type { HealthTarget } from "../consume/consumption.js";
import type { Health, StreamHealth } from "../messaging/health.js";
import type { Counts } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";

/** The subject of a health check. */
export interface HealthSubject {
  readonly targets: readonly HealthTarget[];
  readonly isStarted: boolean;
  readonly counts: Counts;
}

type Findings = Pick<Health["details"], "redis" | "streams">;

const UNREACHABLE: Findings = { redis: { connected: false, latency_ms: null }, streams: {} };

/** Checks the health of a service, within the connection timeout: a Redis that does not answer is a finding. */
export async function checkHealth(
  broker: Broker,
  config: Pick<Config, "version" | "redis">,
  clock: Clock,
  { targets, isStarted, counts }: HealthSubject,
): Promise<Health> {
  const findings = await within(config.redis.connectionTimeoutMs, clock, examine(broker, targets), UNREACHABLE);
  const isStuck = targets.some(({ loop }) => loop === "stuck");
  const status = !findings.redis.connected || isStuck ? "unhealthy" : isStarted ? "healthy" : "unknown";
  const { version } = config;
  return { status, uptime_seconds: rounded(process.uptime()), version, details: { ...findings, counts } };
}

async function examine(broker: Broker, targets: readonly HealthTarget[]): Promise<Findings> {
  const latency = await broker.ping();
  const streams = await Promise.all(
    targets.map(async (target) => [target.membership.stream, await examineStream(target)] as const),
  );
  return { redis: { connected: true, latency_ms: rounded(latency) }, streams: Object.fromEntries(streams) };
}

async function examineStream({ membership, loop }: HealthTarget): Promise<StreamHealth> {
  const { lag, pending, oldestPendingSeconds, parked, deadLetters } = await membership.state();
  return {
    group: membership.group,
    loop,
    lag,
    pending,
    oldest_pending_seconds: oldestPendingSeconds,
    retrying: parked,
    dead_letters: deadLetters,
  };
}

/** Resolves to `otherwise` when the work fails, or takes longer. */
function within<Result>(ms: number, clock: Clock, work: Promise<Result>, otherwise: Result): Promise<Result> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(otherwise));
    void work
      .catch(() => otherwise)
      .then((result) => {
        timer.cancel();
        resolve(result);
      });
  });
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
