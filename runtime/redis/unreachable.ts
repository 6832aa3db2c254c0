import type { RedisConfig } from "../config/redis-config.js";
import { addressOf } from "../config/redis-nodes.js";
import { ConnectionError } from "../errors.js";
import { adviceOn } from "./driver-error.js";

/** Replies that a retry does not change: the credentials, the rights or the database are wrong. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid DB|ERR DB index|ERR invalid password)/i;

/** What it says before may be lost with the link. */
const HUNG_UP = ". It hung up, as a Redis with too many clients does (maxclients, redis-cli info clients)";

/** Whether Redis lets this service not in. */
export function isRefused(error: Error | undefined): boolean {
  return error !== undefined && REFUSALS.test(error.message);
}

/** What is known of a connection that there is not. */
export interface Failing {
  readonly cause: Error | undefined;
  /** The reason when no error tells one. */
  readonly silence: string;
  /** Which node was found last, where nodes are found; empty without one. */
  readonly found: string;
}

/** Why there is no connection, and what to do. */
export function unreachable(config: RedisConfig, { cause, silence, found }: Failing): ConnectionError {
  const { address } = config;
  const why = cause?.message || (cause as NodeJS.ErrnoException | undefined)?.code || cause?.name || silence;
  if (cause !== undefined && isRefused(cause)) {
    const check =
      config.credentials === undefined
        ? "Check REDIS_USERNAME, REDIS_PASSWORD and REDIS_DB"
        : "Check what redis.credentials returns, and REDIS_DB";
    const text = `Redis at ${address} refuses this service: ${why.replace(/\.$/, "")}. ${check}, and the user's rights (ACL GETUSER)`;
    return new ConnectionError("REDIS_REFUSED", text, { cause });
  }
  if (cause?.name === "ReplyError") {
    const text = `Redis at ${address} accepts no connection: ${why}${adviceOn(why) || ". Close other connections, or raise its limits (maxclients)"}`;
    return new ConnectionError("REDIS_UNAVAILABLE", text, { cause });
  }
  const advice =
    cause?.name === "ProviderError" ? "Check this function, and what it asks" : `Check ${settingsOf(config, cause)}`;
  const where = cause?.name === "NodeNotFoundError" || found === "" ? "" : `; ${found}`;
  const text = `Redis at ${address} cannot be reached: ${why}${where}. ${advice}${hasHungUp(cause) ? HUNG_UP : ""}`;
  return new ConnectionError("REDIS_UNAVAILABLE", text, { cause });
}

function hasHungUp(cause: Error | undefined): boolean {
  return ["EPIPE", "ECONNRESET"].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? "");
}

function settingsOf(config: RedisConfig, cause: Error | undefined): string {
  const { client, socket, host, port, tls } = config;
  const masters = settingsOfMasters(config, cause);
  if (masters !== undefined) return masters;
  if (client.findsRedis) return "redis.client, and that Redis runs";
  if (socket !== undefined) {
    return `REDIS_SOCKET or REDIS_URL, that this user may write to it, and that Redis runs (redis-cli -s ${socket} ping)`;
  }
  // A Redis without TLS does not answer the handshake of one with it.
  const secure = tls === undefined ? "" : ", that this port has TLS (REDIS_TLS is on)";
  const option = tls === undefined ? "" : "--tls ";
  return `REDIS_HOST, REDIS_PORT or REDIS_URL${secure}, and that it runs (redis-cli ${option}-h ${host} -p ${port} ping)`;
}

/** A node that was found and cannot be reached may have announced an address that holds only for others. */
function settingsOfMasters({ cluster, sentinel, tls }: RedisConfig, cause: Error | undefined): string | undefined {
  if (cluster === undefined && sentinel === undefined) return undefined;
  const secure = tls === undefined ? "" : ", that its port has TLS (REDIS_TLS is on)";
  if (cause?.name !== "NodeNotFoundError") {
    return `that this node runs${secure}, and that this process reaches the address that it announces; where it is reached at another, say so in REDIS_NAT_MAP`;
  }
  const [node] = cluster?.nodes ?? [];
  if (node === undefined)
    return "REDIS_SENTINELS, REDIS_SENTINEL_MASTER and REDIS_SENTINEL_PASSWORD, and that the sentinels run (redis-cli -p 26379 sentinel masters)";
  const [option, ports] = tls === undefined ? ["", ""] : ["--tls ", ", that these ports have TLS (REDIS_TLS is on)"];
  return `REDIS_CLUSTER_NODES${ports}, and the cluster (redis-cli ${option}--cluster check ${addressOf(node)})`;
}
