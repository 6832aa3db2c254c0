import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { ContractError, userCreated } from "../../generated/index.js";
import { fieldOf } from "../../runtime/codec.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { createService } from "../support/service.js";

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

const user = (entity_id: number) => ({ entity_id, after_data: { email: `user${entity_id}@example.com` } });

describe("publishing many", () => {
  it("stores all of them in their order, more than are under way at once", async () => {
    await using messaging = createService(redis);
    const published = await messaging.publishAll(
      userCreated,
      Array.from({ length: 2500 }, (_, at) => user(at + 1)),
    );
    const entries = await admin.xrange("events", "-", "+");
    expect(entries.map(([, fields]) => fieldOf(fields, "entity_id"))).toEqual(
      Array.from({ length: 2500 }, (_, at) => String(at + 1)),
    );
    expect(published.map(({ entryId }) => entryId)).toEqual(entries.map(([id]) => id));
  });

  it("sends nothing when one of them breaks its contract, and names every issue with its place in the list", async () => {
    await using messaging = createService(redis);
    const broken = [user(1), { ...user(2), after_data: { email: "x" } }, user(3), { ...user(4), entity_id: 0 }];
    const failing = messaging.publishAll(userCreated, broken);
    await expect(failing).rejects.toBeInstanceOf(ContractError);
    await expect(failing).rejects.toMatchObject({
      issues: [
        { path: "[1].after_data.email", message: 'must be an email address, got "x"' },
        { path: "[3].entity_id", message: "must be >= 1, got 0" },
      ],
    });
    expect(await admin.exists("events")).toBe(0);
  });

  it("is nothing to do for an empty list", async () => {
    await using messaging = createService(redis);
    expect(await messaging.publishAll(userCreated, [])).toEqual([]);
  });
});
