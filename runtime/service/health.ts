import { idAdvice } from "../broker/id-state.js";
import type { Config } from "../config/config.js";
import type { Consumption, ConsumptionParts, HealthTarget } from "../consume/consumption.js";
import type { Health, OutboxHealth, StreamHealth } from "../messaging/health.js";
import { within } from "../time/limit.js";
import { letterAdvice } from "./letter-advice.js";
import { pauseAdvice } from "./pause-advice.js";

type Findings = Pick<Health["details"], "redis" | "streams">;

const UNREACHABLE: Findings = { redis: { connected: false, latency_ms: null }, streams: {} };

/** Checks the health of a service, within the connection timeout: a Redis that does not answer is a finding. */
export async function checkHealth(
  config: Config,
  { broker, clock, hooks }: Pick<ConsumptionParts, "broker" | "clock" | "hooks">,
  { targets, isStarted, heartbeat }: Pick<Consumption, "targets" | "isStarted" | "heartbeat">,
  examineOutbox?: () => Promise<OutboxHealth>,
): Promise<Health> {
  const { version, redis } = config;
  const examined = within(redis.connectionTimeoutMs, clock, () => examine(config, broker, targets));
  const outboxExamined = examineOutbox && within(redis.connectionTimeoutMs, clock, examineOutbox).catch(() => null);
  const findings = await examined.catch(() => UNREACHABLE);
  const outbox = await outboxExamined;
  const isStuck = targets.some(({ loop }) => loop === "stuck") || heartbeat?.state === "unconfirmed";
  const isFull = Object.values(findings.streams).some(({ ids }) => ids === "exhausted");
  const status = !findings.redis.connected || isStuck || isFull ? "unhealthy" : isStarted ? "healthy" : "unknown";
  const own = { ...findings, ...(outbox !== undefined && { outbox }) };
  const details = { ...own, heartbeat, counts: hooks.counts };
  return { status, uptime_seconds: Math.floor(process.uptime()), version, details };
}

async function examine(
  config: Config,
  broker: ConsumptionParts["broker"],
  targets: readonly HealthTarget[],
): Promise<Findings> {
  const latency = await broker.ping();
  const streams = await Promise.all(
    targets.map(async (target) => [target.membership.stream, await examineStream(config, target)] as const),
  );
  return { redis: { connected: true, latency_ms: rounded(latency) }, streams: Object.fromEntries(streams) };
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
