import type { OwnClient } from "./own-client.js";
import { type ClusterConfig, type ClusterOptions, readCluster } from "./redis-cluster.js";
import { addressOf, type NodeAddress } from "./redis-nodes.js";
import { readSentinel, type SentinelConfig, type SentinelOptions } from "./redis-sentinel.js";
import type { SettingReader } from "./setting-reader.js";

/** What says where the masters are at present: a cluster, Sentinel, or neither for one Redis that stays where it is. */
export interface Masters {
  readonly cluster: ClusterConfig | undefined;
  readonly sentinel: SentinelConfig | undefined;
}

interface Places {
  readonly cluster?: ClusterOptions | undefined;
  readonly sentinel?: SentinelOptions | undefined;
  readonly url?: string | undefined;
  readonly socket?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

const SENTINELS = ["REDIS_SENTINEL_MASTER", "REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD", "REDIS_SENTINEL_TLS"];
const VARIABLES = ["REDIS_CLUSTER_NODES", "REDIS_SENTINELS", ...SENTINELS, "REDIS_NAT_MAP"];

/**
 * Any address in code takes precedence over all in the environment.
 * @param given - what code says
 * @param own - the same, with what it says by the options of a client
 */
export function readMasters(
  reader: SettingReader,
  [given, own]: readonly [given: Places, own: Places],
  { client, isSecure }: { readonly client: OwnClient; readonly isSecure: boolean },
): Masters {
  const { cluster, sentinel, socket, host, port } = given;
  const isInCode = cluster !== undefined || sentinel !== undefined;
  if (isInCode) {
    const finding = client.findsRedis ? client : undefined;
    const places = Object.entries({ cluster, sentinel, socket, host, port, client: finding });
    const [one, other] = places.filter(([, place]) => place !== undefined).map(([name]) => name);
    if (other !== undefined)
      reader.problems.push(`redis.${one} and redis.${other} both say where Redis is: leave one out`);
  }
  const isElsewhere =
    client.findsRedis || [own.url, own.socket, own.host, own.port].some((place) => place !== undefined);
  const readsVariables = !isInCode && !isElsewhere;
  const masters: Masters = {
    cluster: cluster !== undefined || readsVariables ? readCluster(reader, cluster) : undefined,
    sentinel: sentinel !== undefined || readsVariables ? readSentinel(reader, sentinel, isSecure) : undefined,
  };
  if (readsVariables) refuseBadPairs(reader, masters);
  reader.knows(...VARIABLES);
  return masters;
}

function refuseBadPairs(reader: SettingReader, { cluster, sentinel }: Masters): void {
  if (cluster !== undefined && sentinel !== undefined) {
    reader.problems.push(
      "REDIS_CLUSTER_NODES and REDIS_SENTINELS are both set: Sentinel watches no cluster; leave one out",
    );
  }
  for (const variable of sentinel === undefined ? SENTINELS : []) {
    if (reader.text(variable) === undefined) continue;
    reader.problems.push(`${variable} is set, but REDIS_SENTINELS is not: set it, or leave this one out`);
  }
  if (cluster === undefined && sentinel === undefined && reader.text("REDIS_NAT_MAP") !== undefined) {
    reader.problems.push(
      "REDIS_NAT_MAP is set, but neither REDIS_CLUSTER_NODES nor REDIS_SENTINELS: set one, or leave it out",
    );
  }
}

/** Where Redis is, for texts. `undefined` where nothing says it but an address. */
export function describeMasters({ cluster, sentinel }: Masters, { options }: OwnClient): string | undefined {
  const list = (nodes: readonly NodeAddress[]): string => nodes.map(addressOf).join(", ");
  if (cluster !== undefined) return `the cluster of ${list(cluster.nodes)}`;
  if (sentinel !== undefined) return `the master ${sentinel.master} of the sentinels ${list(sentinel.sentinels)}`;
  return options.sentinels ? `the master ${options.name} of Sentinel` : undefined;
}
