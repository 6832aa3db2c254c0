import { type NatMap, type NodeAddress, readNatMap, readNodes } from "./redis-nodes.js";
import type { SettingReader } from "./setting-reader.js";

/** A Redis Cluster or Valkey Cluster. User, password and TLS are those of all its nodes. */
export interface ClusterOptions {
  /**
   * Some nodes of the cluster, each `host:port`; they tell of the others. Env `REDIS_CLUSTER_NODES`, separated by commas.
   * Overrides url, host and port; the database must be 0.
   */
  readonly nodes?: readonly (string | NodeAddress)[];
  /**
   * Where addresses that the cluster names are reached, each `host:port`, if that is elsewhere: behind NAT, or in
   * containers. Env `REDIS_NAT_MAP`, as `announced=reached,…`. @defaultValue none
   * @example
   * createMessaging({
   *   service: "orders",
   *   redis: { cluster: { nodes: ["localhost:7001"], natMap: { "10.0.0.1:6379": "localhost:7001" } } },
   * });
   */
  readonly natMap?: Readonly<Record<string, string>>;
}

export interface ClusterConfig {
  readonly nodes: readonly NodeAddress[];
  readonly natMap: NatMap;
}

const OPTIONS: { readonly [Name in keyof ClusterOptions]-?: true } = { nodes: true, natMap: true };

/** @returns `undefined` where neither code nor the environment names nodes of a cluster */
export function readCluster(reader: SettingReader, given: ClusterOptions | undefined): ClusterConfig | undefined {
  reader.refuseUnknown(given ?? {}, Object.keys(OPTIONS), "redis.cluster.");
  const nodes = readNodes(reader, "REDIS_CLUSTER_NODES", given?.nodes, given !== undefined);
  return nodes && { nodes, natMap: readNatMap(reader, given?.natMap) };
}
