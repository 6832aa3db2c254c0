import type { Rounds } from "../../redis/round.js";
import type { RedisStatus } from "./redis-status.js";

/** What a look at Redis itself shows. */
export interface RedisLook {
  /** By its own clock. */
  readonly nowMs: number;
  readonly status: RedisStatus;
}

/** Asks Redis for the time, and how it is. @param before - what the look before showed */
export async function lookAtRedis(rounds: Rounds, before: RedisStatus | undefined): Promise<RedisLook> {
  const { nowMs, here } = await rounds.time();
  const info = new Info((await rounds.ask((round) => round.ask<string>("INFO"))) ?? "");
  return { nowMs, status: statusOf(info, nowMs - here, before) };
}

function statusOf(info: Info, clockAheadMs: number, before: RedisStatus | undefined): RedisStatus {
  const valkey = info.text("valkey_version");
  const version = info.text("redis_version");
  const maxMemoryBytes = info.number("maxmemory");
  const evictedKeys = info.number("evicted_keys");
  const outOfMemoryErrors = info.has("redis_version") ? (info.counted("errorstat_OOM") ?? 0) : null;
  const rejectedConnections = info.number("rejected_connections");
  return {
    version: valkey !== null ? `Valkey ${valkey}` : version !== null ? `Redis ${version}` : null,
    uptimeSeconds: info.number("uptime_in_seconds"),
    // Not -0, which JSON does not keep.
    clockAheadMs: Math.round(clockAheadMs) || 0,
    usedMemoryBytes: info.number("used_memory"),
    maxMemoryBytes: maxMemoryBytes === 0 ? null : maxMemoryBytes,
    evictionPolicy: info.text("maxmemory_policy"),
    evictedKeys,
    evictedSince: more(evictedKeys, before?.evictedKeys),
    outOfMemoryErrors,
    outOfMemorySince: more(outOfMemoryErrors, before?.outOfMemoryErrors),
    role: roleOf(info.text("role")),
    replicas: info.number("connected_slaves"),
    replicaLagBytes: replicaLagOf(info),
    masterLinkUp: is(info.text("master_link_status"), "up"),
    lastSaveSucceeded: is(info.text("rdb_last_bgsave_status"), "ok"),
    aofSucceeded: both(is(info.text("aof_last_write_status"), "ok"), is(info.text("aof_last_bgrewrite_status"), "ok")),
    aofEnabled: is(info.text("aof_enabled"), "1"),
    connectedClients: info.number("connected_clients"),
    blockedClients: info.number("blocked_clients"),
    maxClients: info.number("maxclients"),
    rejectedConnections,
    rejectedSince: more(rejectedConnections, before?.rejectedConnections),
  };
}

/** The lines of `INFO`, by their names. */
class Info {
  readonly #values: ReadonlyMap<string, string>;

  constructor(text: string) {
    this.#values = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = "", value = ""]) => [name, value]));
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  number(name: string): number | null {
    const text = this.#values.get(name) ?? "";
    return /^\d{1,20}$/.test(text) ? Number(text) : null;
  }

  /** `errorstat_OOM:count=3`. */
  counted(name: string): number | null {
    const [, count] = /(?:^|,)count=(\d{1,20})/.exec(this.#values.get(name) ?? "") ?? [];
    return count === undefined ? null : Number(count);
  }
}

function roleOf(role: string | null): RedisStatus["role"] {
  if (role === null) return null;
  return role === "slave" ? "replica" : "master";
}

function replicaLagOf(info: Info): number | null {
  const at = info.number("master_repl_offset");
  const replicas = info.number("connected_slaves") ?? 0;
  if (at === null || replicas === 0) return null;
  const behind = Array.from({ length: Math.min(replicas, 100) }, (_, n) => {
    const [, offset] = /(?:^|,)offset=(\d{1,20})/.exec(info.text(`slave${n}`) ?? "") ?? [];
    return offset === undefined ? 0 : Math.max(0, at - Number(offset));
  });
  return Math.max(...behind);
}

function is(value: string | null, good: string): boolean | null {
  return value === null ? null : value === good;
}

function both(one: boolean | null, other: boolean | null): boolean | null {
  return one === null || other === null ? (one ?? other) : one && other;
}

/** How much a number has grown. One that is less than before began anew, because Redis did. */
function more(now: number | null, before: number | null | undefined): number | null {
  if (now === null || before === null || before === undefined) return null;
  return now < before ? now : now - before;
}
