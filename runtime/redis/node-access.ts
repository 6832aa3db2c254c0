import type { RedisConfig } from "../config/redis-config.js";
import { type Clock, LONGEST_TIMER_MS } from "../time/clock.js";
import type { NodeAccess } from "./ask-node.js";
import { askedTls, credentialSourceOf } from "./credentials.js";

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
