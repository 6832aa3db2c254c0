import type {
  GroupStatus,
  HeldEntry,
  MemberStatus,
  RedisStatus,
  ServiceStatus,
  Status,
  StreamStatus,
} from "../../runtime/operations/index.js";

const REDIS: RedisStatus = {
  ...{ version: "Redis 8.0.0", uptimeSeconds: 9, clockAheadMs: 0, usedMemoryBytes: 1e6, maxMemoryBytes: null },
  ...{ evictionPolicy: "noeviction", evictedKeys: 0, evictedSince: null, outOfMemoryErrors: 0, outOfMemorySince: null },
  ...{ role: "master", replicas: 0, replicaLagBytes: null, masterLinkUp: null, lastSaveSucceeded: true },
  ...{ aofSucceeded: true, aofEnabled: false, connectedClients: 6, blockedClients: 1, maxClients: 10_000 },
  ...{ rejectedConnections: 0, rejectedSince: null },
};

/** A status of which all is well, but for what is given. */
export function statusOf(
  streams: readonly StreamStatus[] = [streamOf()],
  { redis = {}, ...rest }: Partial<Omit<Status, "redis">> & { readonly redis?: Partial<RedisStatus> } = {},
): Status {
  return {
    ...{
      at: "2026-05-01T03:00:00.000Z",
      atMs: 1_777_604_400_000,
      address: "127.0.0.1:6379",
      environment: "development",
    },
    settings: { leaseMs: 15_000, deadLettersMax: 10_000, deadLetterTtlMs: 2_592_000_000 },
    ...{ sinceMs: null, services: [], paused: [], refused: [], cluster: null, unseen: [], streams },
    redis: { ...REDIS, ...redis },
    ...rest,
  };
}

export function streamOf(groups: readonly GroupStatus[] = [groupOf()], rest: Partial<StreamStatus> = {}): StreamStatus {
  return {
    ...{ name: "events", keyType: "stream", kind: "event", length: 10, bytes: 5000, oldestMs: 60_000, newestMs: 1000 },
    ...{ added: 10, addedPerSecond: null, ids: "current", types: [] },
    letters: { total: 0, open: 0, isCounted: true, ids: "current" },
    groups,
    ...rest,
  };
}

export function groupOf(rest: Partial<GroupStatus> = {}): GroupStatus {
  return {
    ...{
      stream: "events",
      name: "billing-workers",
      service: "billing",
      isGone: false,
      lag: 0,
      isBehind: false,
      lagPerSecond: null,
    },
    ...{ pending: 0, oldestPendingMs: null, parked: 0, nextDueMs: null, handover: 0, isServed: true, redriven: null },
    members: membersOf(memberOf()),
    held: [],
    letters: { open: 0, oldestMs: null, causes: [], sampled: 0 },
    ...rest,
  };
}

export function memberOf(rest: Partial<MemberStatus> = {}): MemberStatus {
  return { name: "billing-1-0123abcd", state: "alive", lastSignMs: 100, pending: 0, hasHeartbeat: true, ...rest };
}

export function membersOf(...list: readonly MemberStatus[]): GroupStatus["members"] {
  const count = (wanted: string): number => list.filter(({ state }) => state === wanted).length;
  return { total: list.length, alive: count("alive"), silent: count("silent"), dead: count("dead"), list };
}

export function heldOf(rest: Partial<HeldEntry> = {}): HeldEntry {
  return { id: "1-0", member: "billing-1-0123abcd", heldMs: 10, deliveries: 1, failures: null, deaths: 0, ...rest };
}

export function serviceOf(rest: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    ...{ name: "billing", status: "healthy", version: "1.0.0", silentMs: 1000, intervalMs: 10_000, uptimeSeconds: 60 },
    ...{ startedMs: null, stoppedMs: null, isAlive: true, overtaken: 0, overtakenLately: 0, heartbeatProblem: null },
    ...rest,
  };
}
