import type { Redis } from "ioredis";
import { addedAt } from "../broker/entry-id.js";
import type { Counts } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import type { StreamKeys } from "../redis/keys.js";

/** How one stream of this service's is doing. What Redis cannot tell is `null`: unknown is not 0. */
export interface StreamHealth {
  readonly group: string;
  /** Whether entries are read: `reading`, `busy` (as many in hand as there may be), or `stuck` (Redis does not answer). */
  readonly loop: LoopState;
  /** Entries that the group has not been given yet. */
  readonly lag: number | null;
  /** Entries in somebody's hands, those that wait for a retry included. */
  readonly pending: number;
  /** How long ago the oldest pending entry was published. */
  readonly oldest_pending_seconds: number;
  /** Of the pending ones, those that wait for their retry. */
  readonly retrying: number;
  /** Dead letters of this stream, of all its groups, that were ever written and not removed. */
  readonly dead_letters: number;
}

export type LoopState = "reading" | "busy" | "stuck" | "stopped";

/** What `health()` tells, and health messages carry as their details. */
export interface Health {
  readonly status: "healthy" | "unhealthy" | "unknown";
  readonly uptime_seconds: number;
  readonly version: string | undefined;
  readonly details: {
    readonly redis: { readonly connected: boolean; readonly latency_ms: number | null };
    readonly streams: Readonly<Record<string, StreamHealth>>;
    readonly counts: Counts;
  };
}

/** What a health check looks at. */
export interface Patient {
  readonly keys: StreamKeys;
  readonly group: string;
  readonly loop: LoopState;
}

/** Asks Redis how the streams of a service are doing. Bounded: a Redis that does not answer is a finding. */
export async function examine(
  connection: Connection,
  patients: readonly Patient[],
  timeoutMs: number,
): Promise<Health["details"]["redis"] & { readonly streams: Record<string, StreamHealth> }> {
  const unreachable = { connected: false, latency_ms: null, streams: {} };
  const examined = (async () => {
    const client = await connection.ready();
    const began = performance.now();
    await client.ping();
    const latency = Math.round((performance.now() - began) * 1000) / 1000;
    const streams = await Promise.all(
      patients.map(async (patient) => [patient.keys.stream, await examineStream(client, patient)] as const),
    );
    return { connected: true, latency_ms: latency, streams: Object.fromEntries(streams) };
  })().catch(() => unreachable);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof unreachable>((resolve) => {
    timer = setTimeout(() => resolve(unreachable), timeoutMs);
  });
  return Promise.race([examined, late]).finally(() => clearTimeout(timer));
}

async function examineStream(client: Redis, { keys, group, loop }: Patient): Promise<StreamHealth> {
  const [groups, oldest, retrying, dead, [seconds]] = await Promise.all([
    client.xinfo("GROUPS", keys.stream).catch(() => []) as Promise<unknown[][]>,
    client.xpending(keys.stream, group, "-", "+", 1).catch(() => []) as Promise<[string][]>,
    client.zcard(keys.retry),
    client.xlen(keys.dead),
    client.time(),
  ]);
  const own = groups.find((info) => info[info.indexOf("name") + 1] === group) ?? [];
  const field = (name: string): unknown => (own.includes(name) ? own[own.indexOf(name) + 1] : null);
  const publishedMs = oldest[0] === undefined ? Number.NaN : addedAt(oldest[0][0]);
  const age = Number(seconds) - publishedMs / 1000;
  return {
    group,
    loop,
    lag: field("lag") as number | null,
    pending: Number(field("pending") ?? 0),
    oldest_pending_seconds: Number.isNaN(age) ? 0 : Math.max(0, Math.round(age * 1000) / 1000),
    retrying,
    dead_letters: dead,
  };
}
