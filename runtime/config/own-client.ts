import type { RedisOptions as IoredisOptions, Redis } from "ioredis";
import type { SettingReader } from "./setting-reader.js";

/** What the package sets itself, because delivery depends on it. docs/connections.md lists the reasons. */
type Ours =
  | "autoPipeliningIgnoredCommands"
  | "autoResendUnfulfilledCommands"
  | "autoResubscribe"
  | "blockingTimeout"
  | "blockingTimeoutGrace"
  | "commandTimeout"
  | "connectionName"
  | "connectTimeout"
  | "enableAutoPipelining"
  | "enableOfflineQueue"
  | "keyPrefix"
  | "lazyConnect"
  | "maxRetriesPerRequest"
  | "monitor"
  | "readOnly"
  | "reconnectOnError"
  | "replyMapping"
  | "retryStrategy"
  | "socketTimeout"
  | "stringNumbers";

const OURS: { readonly [Name in Ours]: true } = {
  autoPipeliningIgnoredCommands: true,
  autoResendUnfulfilledCommands: true,
  autoResubscribe: true,
  blockingTimeout: true,
  blockingTimeoutGrace: true,
  commandTimeout: true,
  connectionName: true,
  connectTimeout: true,
  enableAutoPipelining: true,
  enableOfflineQueue: true,
  keyPrefix: true,
  lazyConnect: true,
  maxRetriesPerRequest: true,
  monitor: true,
  readOnly: true,
  reconnectOnError: true,
  replyMapping: true,
  retryStrategy: true,
  socketTimeout: true,
  stringNumbers: true,
};

/** Options of ioredis, but for those that the package sets itself. */
export type ClientOptions = Omit<IoredisOptions, Ours>;

/** A client of ioredis that exists already, whatever its version. Only its options are read. */
export interface ExistingClient {
  readonly options: object;
  readonly isCluster: boolean;
}

/** Makes a client with the options that it is given, and more of its own. Called once for each connection. */
export type MakeClient = (options: Omit<IoredisOptions, "replyMapping">) => Redis;

/** Where the client differs from the one that this package would make. */
export interface OwnClient {
  readonly options: ClientOptions;
  readonly make: MakeClient | undefined;
  /** Whether it knows by itself where Redis is: by Sentinel, or by own code. */
  readonly findsRedis: boolean;
}

/** Reads `redis.client`. What an existing client needs for its own work, such as its retries, is left out. */
export function readOwnClient(
  reader: SettingReader,
  client: ClientOptions | ExistingClient | MakeClient | undefined,
): OwnClient {
  if (typeof client === "function") return { options: {}, make: client, findsRedis: true };
  if (typeof client !== "object" && client !== undefined) {
    reader.problems.push("redis.client must be options of ioredis, a client, or a function that makes one");
    return { options: {}, make: undefined, findsRedis: false };
  }
  const isExisting = client != null && "isCluster" in client;
  if (isExisting && client.isCluster) {
    reader.problems.push(
      "redis.client is a Cluster: name some of its nodes in redis.cluster.nodes (REDIS_CLUSTER_NODES) instead",
    );
  }
  const options = { ...(isExisting ? client.options : client) } as IoredisOptions;
  if (isExisting && options.keyPrefix) {
    reader.problems.push("redis.client has a keyPrefix, which would rename streams: use the setting environment");
  }
  for (const name of Object.keys(OURS) as Ours[]) {
    if (!isExisting && options[name] !== undefined) {
      reader.problems.push(`redis.client.${name} cannot be set: the package sets it itself (docs/connections.md)`);
    }
    delete options[name];
  }
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
  const findsRedis = given["sentinels"] !== undefined || given["Connector"] !== undefined;
  return { options: given, make: undefined, findsRedis };
}
