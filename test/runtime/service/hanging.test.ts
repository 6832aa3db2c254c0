import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { startChild } from "../../support/child.js";

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterEach(() => admin.flushall());
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

describe("a process with a handler that never ends", () => {
  it.each(["event", "command", "timed out", "in order", "closing"])(
    "ends by itself once close() has resolved: %s",
    async (kind) => {
      const script = new URL("./hanging-child.ts", import.meta.url);
      await using child = await startChild(script, { environment: { CHILD_REDIS: redis.url, CHILD_KIND: kind } });
      await child.next();
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(child.output).toBe("");
    },
  );
});
