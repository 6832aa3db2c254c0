import type { RedisStatus } from "./redis-status.js";
import type { Status } from "./status.js";

/** A Redis that could be asked. */
export interface ServerStatus {
  readonly address: string;
  readonly redis: RedisStatus;
  /** Whether it replicates another node of a cluster. */
  readonly isReplica: boolean;
}

/** The one Redis, or every node of a cluster that could be asked. */
export function serversOf({ address, redis, cluster }: Status): readonly ServerStatus[] {
  if (redis !== null) return [{ address, redis, isReplica: false }];
  return (cluster?.nodes ?? []).flatMap((node) =>
    node.redis === null ? [] : [{ address: node.address, redis: node.redis, isReplica: node.redis.role === "replica" }],
  );
}
