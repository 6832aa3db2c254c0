import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";

import { publishUserCreated } from "../../../generated/index.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { createService } from "../../support/service.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };

describe("a service that stood still while its connections were lost", () => {
  it("waits for a new connection with what it publishes first, and nothing is uncertain", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    await using messaging = createService(redis, { redis: { socketTimeoutSeconds: 0.2 } });
    await publishUserCreated(messaging, input);
    const killed = admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    // As in a process that was stopped, nothing is read from any socket meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    const first = Array.from({ length: 300 }, (_, n) => publishUserCreated(messaging, { ...input, entity_id: n + 1 }));
    await expect(Promise.all(first)).resolves.toHaveLength(300);
    await killed;
    expect(await admin.xlen("events")).toBe(301);
  });
});
