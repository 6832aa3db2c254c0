import { Redis } from "ioredis";
import { afterAll } from "vitest";
import { type RedisServer, type StartRedisOptions, startRedis } from "../../runtime/testing/redis/index.js";

/** A Redis of the test file's own, and a client that looks into it. Both end with the file. */
export async function useRedis(
  options?: StartRedisOptions,
): Promise<{ readonly redis: RedisServer; readonly admin: Redis }> {
  const redis = await startRedis(options);
  const admin = new Redis(redis.url);
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });
  return { redis, admin };
}
