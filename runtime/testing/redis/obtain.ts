import { configuredRedis, type ExternalRedis } from "./configured.js";
import type { RedisServer } from "./server.js";
import { type StartRedisOptions, startRedis } from "./start.js";

/**
 * Returns a Redis without any set-up: the configured one (`REDIS_URL`, or `REDIS_HOST` and the variables beside it),
 * which is used as it is and left running, else a private one, as {@link startRedis} starts it.
 *
 * @param options - for a private one; a configured one ignores them
 * @throws RedisNotFoundError when there is none; its message names the command that installs one
 * @example
 * ```ts
 * await using redis = await obtainRedis();
 * console.log(redis.external ? "your Redis" : "a temporary Redis", redis.url);
 * ```
 */
export async function obtainRedis(
  environment: NodeJS.ProcessEnv = process.env,
  options: StartRedisOptions = {},
): Promise<ExternalRedis | RedisServer> {
  return configuredRedis(environment) ?? (await startRedis(options));
}
