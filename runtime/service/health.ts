import { idAdvice } from "../broker/id-state.js";
import type { Config } from "../config/config.js";
import type { Consumption, ConsumptionParts, HealthTarget } from "../consume/consumption.js";
import type { Health, OutboxHealth, StreamHealth } from "../messaging/health.js";
import { within } from "../time/limit.js";
import { letterAdvice } from "./letter-advice.js";
import { pauseAdvice } from "./pause-advice.js";

type Findings = Pick<Health["details"], "redis" | "streams">;

/** Checks the health of a service, within the connection timeout: a Redis that does not answer is a finding. */
export async function checkHealth(
  config: Config,
  { broker, clock, hooks }: Pick<ConsumptionParts, "broker" | "clock" | "hooks">,
  { targets, unbegun, isStarted, heartbeat }: Pick<Consumption, "targets" | "unbegun" | "isStarted" | "heartbeat">,
  examineOutbox?: () => Promise<OutboxHealth>,
): Promise<Health> {
  const { version, redis } = config;
  const limited: Limited = (work) => within(redis.connectionTimeoutMs, clock, work).catch(() => undefined);
  const outboxExamined = examineOutbox && limited(examineOutbox).then((seen) => seen ?? null);
  const findings = await examine(config, targets, { broker, limited });
  const outbox = await outboxExamined;
  const isStuck =
    unbegun.length > 0 || targets.some(({ loop }) => loop === "stuck") || heartbeat?.state === "unconfirmed";
  const isFull = Object.values(findings.streams).some(({ ids }) => ids === "exhausted");
  const status = !findings.redis.connected || isStuck || isFull ? "unhealthy" : isStarted ? "healthy" : "unknown";
  const own = { ...findings, ...(outbox !== undefined && { outbox }) };
  const details = { ...own, heartbeat, counts: hooks.counts };
  return { status, uptime_seconds: Math.floor(process.uptime()), version, details };
}

/** What resolves to nothing when it fails or takes too long. */
type Limited = <Value>(work: () => Promise<Value>) => Promise<Value | undefined>;

/** A stream that cannot be seen is left out, and nothing else: on a cluster, a master that is away serves only some of them. */
async function examine(
  config: Config,
  targets: readonly HealthTarget[],
  { broker, limited }: { readonly broker: ConsumptionParts["broker"]; readonly limited: Limited },
): Promise<Findings> {
  const pinging = limited(() => broker.ping());
  const streams = await Promise.all(
    targets.map(
      async (target) => [target.membership.stream, await limited(() => examineStream(config, target))] as const,
    ),
  );
  const seen = streams.filter((each): each is [string, StreamHealth] => each[1] !== undefined);
  const latency = await pinging;
  const redis =
    latency === undefined || seen.length < streams.length
      ? { connected: false, latency_ms: null }
      : { connected: true, latency_ms: rounded(latency) };
  return { redis, streams: Object.fromEntries(seen) };
}

async function examineStream(config: Config, { membership, loop, pauses }: HealthTarget): Promise<StreamHealth> {
  const state = await membership.state();
  const { lag, pending, oldestPendingSeconds: oldest_pending_seconds, parked: retrying, deadLetters, ids } = state;
  const { group, stream } = membership;
  const advised = [
    idAdvice(stream, ids),
    letterAdvice(config, group, deadLetters),
    ...pauses.map((pause) => pauseAdvice(group, pause)),
  ];
  const advice = advised.filter((each) => each !== undefined);
  const dead_letters = deadLetters.count;
  const oldest_dead_letter_seconds = rounded(deadLetters.oldestMs / 1000);
  const letters = { dead_letters, oldest_dead_letter_seconds };
  const paused = pauses.map(({ type = null, until, by, why = null }) => ({ type, until: instantOf(until), by, why }));
  return { group, loop, lag, pending, oldest_pending_seconds, retrying, ...letters, ids, paused, advice };
}

function instantOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
