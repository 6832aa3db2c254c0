import { afterEach, describe, expect, it } from "vitest";
import { startChild } from "../../support/child.js";
import { useRedis } from "../../support/redis.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

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
