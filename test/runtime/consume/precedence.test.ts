import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { onUserCreated } from "../../../generated/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { RedisMembership } from "../../../runtime/redis/redis-membership.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const group = "test-service-workers";

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

it("a member that died just before another started comes first with an order, however late that one reads Redis' replies", async () => {
  await fillEvents(admin, 6);
  await admin.xgroup("CREATE", "events", group, "0");
  await admin.zadd(streamKeys("events", group).alive, 1, "dead");
  const look = RedisMembership.prototype.look;
  const late = vi.spyOn(RedisMembership.prototype, "look").mockImplementation(async function (this: RedisMembership) {
    const signs = await look.call(this);
    await sleep(200);
    return signs;
  });
  onTestFinished(() => late.mockRestore());
  await using messaging = createService(redis, { order: "entity", leaseSeconds: 1 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await admin.xreadgroup("GROUP", group, "dead", "COUNT", 3, "STREAMS", "events", ">");
  await messaging.start();

  await eventually(() => handled.length === 6);
  expect(handled).toEqual(handled.toSorted());
});
