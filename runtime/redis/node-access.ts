import type { Redis } from "ioredis";
import type { RedisConfig } from "../config/redis-config.js";
import type { NodeAddress } from "../config/redis-nodes.js";
import { type Clock, LONGEST_TIMER_MS } from "../time/clock.js";
import { askNode, type NodeAccess } from "./ask-node.js";
import { askedTls, credentialSourceOf } from "./credentials.js";
import { isRefused } from "./unreachable.js";

/** How any node of a cluster is asked: user, password and TLS are the same for all of them. */
export async function nodeAccess(config: RedisConfig, clock: Clock): Promise<NodeAccess> {
  const { path: _path, sentinels: _sentinels, ...own } = config.client.options as Record<string, unknown>;
  const given = (await credentialSourceOf(config, clock)?.get()) ?? config;
  const tls = (await askedTls(config, clock)) ?? config.tls;
  const { username, password } = given;
  const options = {
    ...own,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
  };
  return { options, limitMs: Math.min(LONGEST_TIMER_MS, config.connectionTimeoutMs), clock };
}

/** Asks one node; once more with other credentials where it refuses those that a provider gave. */
export async function askAs<Reply>(
  [config, clock]: readonly [RedisConfig, Clock],
  node: NodeAddress,
  question: (client: Redis) => Promise<Reply>,
): Promise<Reply> {
  const source = credentialSourceOf(config, clock);
  const given = source?.get();
  try {
    return await askNode(node, await nodeAccess(config, clock), question);
  } catch (error) {
    if (source === undefined || !isRefused(error as Error)) throw error;
    source.forget(given);
    return askNode(node, await nodeAccess(config, clock), question);
  }
}
