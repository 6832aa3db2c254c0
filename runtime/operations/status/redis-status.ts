/** Redis itself, as `INFO` tells it. `null` where it does not, or where this user may not ask. */
export interface RedisStatus {
  /** `Redis 8.0.1`, `Valkey 8.1.0`. */
  readonly version: string | null;
  readonly uptimeSeconds: number | null;
  /** How far its clock is ahead of this machine's; negative when it is behind. */
  readonly clockAheadMs: number;
  readonly usedMemoryBytes: number | null;
  /** `null` also without a limit. */
  readonly maxMemoryBytes: number | null;
  readonly evictionPolicy: string | null;
  /** Since it started. */
  readonly evictedKeys: number | null;
  /** How many of them since the look before. */
  readonly evictedSince: number | null;
  /** Commands that it refused for want of memory, since it started. */
  readonly outOfMemoryErrors: number | null;
  readonly outOfMemorySince: number | null;
  readonly role: "master" | "replica" | null;
  /** The replicas that follow it. */
  readonly replicas: number | null;
  /** By how many bytes the last of them is behind. */
  readonly replicaLagBytes: number | null;
  /** Of a replica: whether it is connected to its master. */
  readonly masterLinkUp: boolean | null;
  /** Whether the last snapshot (RDB) was written. */
  readonly lastSaveSucceeded: boolean | null;
  /** Whether the last write to the append-only file and its last rewrite succeeded. */
  readonly aofSucceeded: boolean | null;
  readonly aofEnabled: boolean | null;
  readonly connectedClients: number | null;
  readonly blockedClients: number | null;
  readonly maxClients: number | null;
  /** Since it started, because there were too many. */
  readonly rejectedConnections: number | null;
  readonly rejectedSince: number | null;
}
