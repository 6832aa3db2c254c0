import type { ExternalRedis } from "./configured.js";
import { findRedis } from "./find.js";
import type { RedisServer } from "./server.js";
import { type StartRedisOptions, startRedis } from "./start.js";

/**
 * A Redis that is just there: the configured one (`REDIS_URL`, or `REDIS_HOST` and its fellows), which is used as it is
 * and left running; else a private one, as {@link startRedis} starts it.
 *
 * @param options - for the private one; a configured one is what it is
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
  const found = await findRedis(environment, options.version);
  return found.external ? found : await startRedis(options);
}
