import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  getMessaging,
  type InitMessagingOptions,
  initMessaging,
  onUserCreated,
  publishUserCreated,
  shutdownMessaging,
  UsageError,
} from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { logBook } from "../../support/service.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterEach(async () => {
  await shutdownMessaging();
  await admin.flushall();
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

const options = (more: InitMessagingOptions = {}): InitMessagingOptions => ({
  env: { SERVICE_NAME: "facade-service", REDIS_URL: redis.url, STREAM_BLOCK_TIME: "50" },
  logger: logBook(),
  ...more,
});

async function published(stream: string, field: string): Promise<unknown[]> {
  const entries = await admin.xrange(stream, "-", "+");
  return entries.map(([, fields]) => fieldOf(fields, field));
}

describe("the one messaging of a process", () => {
  it("is there between init and shutdown, and an error says what to do before and after", async () => {
    const none = expect.objectContaining({
      name: "UsageError",
      code: "CONFIG_INVALID",
      message: expect.stringContaining("initMessaging()"),
    });
    expect(() => getMessaging()).toThrow(none);
    const messaging = await initMessaging(options());
    expect(getMessaging()).toBe(messaging);
    expect(messaging.service).toBe("facade-service");
    await publishUserCreated(getMessaging(), input);
    await shutdownMessaging();
    expect(() => getMessaging()).toThrow(none);
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({ code: "CLOSED" });
    await shutdownMessaging();
  });

  it("cannot be made twice, and the first goes on", async () => {
    const messaging = await initMessaging(options());
    const second = initMessaging(options());
    await expect(second).rejects.toThrow(/initMessaging\(\) was called before/);
    await expect(second).rejects.toThrow(UsageError);
    expect(getMessaging()).toBe(messaging);
    await publishUserCreated(getMessaging(), input);
  });

  it("can be made again after a shutdown", async () => {
    const first = await initMessaging(options());
    await shutdownMessaging();
    const second = await initMessaging(options());
    expect(second).not.toBe(first);
    await publishUserCreated(getMessaging(), input);
  });

  it("takes its handlers before it starts", async () => {
    const seen: number[] = [];
    const handlers: InitMessagingOptions["handlers"] = (messaging) =>
      onUserCreated(messaging, (event) => void seen.push(event.entity_id));
    await initMessaging(options({ handlers }));
    await publishUserCreated(getMessaging(), input);
    await eventually(() => seen.length === 1);
  });

  it("is none when its handlers, its settings or its start fail, so that one can try again", async () => {
    const handlers = (): void => {
      throw new Error("no handlers today");
    };
    await expect(initMessaging(options({ handlers }))).rejects.toThrow("no handlers today");
    await expect(initMessaging(options({ env: {} }))).rejects.toThrow(/SERVICE_NAME is not set/);
    const away = { redis: { url: "redis://127.0.0.1:1", connectionTimeoutSeconds: 0.1 }, requireRedis: true };
    await expect(initMessaging(options(away))).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
    expect(() => getMessaging()).toThrow(/there is no messaging/);
    await initMessaging(options());
  });

  it("says that it starts, how it is and that it stops, unless its environment says otherwise", async () => {
    await initMessaging(options());
    await eventually(() => admin.xlen("health"));
    await shutdownMessaging();
    expect(await published("events", "event_type")).toEqual(["service.started", "service.stopped"]);
    await admin.flushall();
    const env = { ...options().env, SERVICE_ANNOUNCE: "false", HEALTH_INTERVAL: "0" };
    await initMessaging(options({ env }));
    await publishUserCreated(getMessaging(), input);
    await shutdownMessaging();
    expect(await published("events", "event_type")).toEqual(["user.created"]);
    expect(await admin.exists("health")).toBe(0);
  });

  it("leaves the process' signals to itself unless told otherwise, and takes its hands off them at the end", async () => {
    const count = (): number => process.listenerCount("SIGTERM");
    const before = count();
    await initMessaging(options());
    expect(count()).toBe(before);
    await shutdownMessaging();
    await initMessaging(options({ signals: ["SIGTERM"] }));
    expect(count()).toBe(before + 1);
    await shutdownMessaging();
    expect(count()).toBe(before);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends in order on %s, then as the signal has it", async (signal) => {
    const environment = { CHILD_REDIS: redis.url };
    const script = new URL("./process-messaging-child.ts", import.meta.url);
    await using child = await startChild<{ began?: number; finished?: number }>(script, { environment });
    await child.next(({ began }) => began === 1);
    child.kill(signal);
    expect(await child.exited).toEqual({ code: null, signal });
    expect(child.messages).toContainEqual({ finished: 1 });
    expect(await published("events", "event_type")).toEqual(["service.started", "user.created", "service.stopped"]);
    expect((await admin.xpending("events", "child-service-workers"))[0]).toBe(0);
    expect(child.output.replace("Terminated\n", "")).toBe("");
  });
});
