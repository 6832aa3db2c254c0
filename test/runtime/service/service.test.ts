import { afterEach, describe, expect, it } from "vitest";
import {
  ClosedError,
  createUser,
  onHealthReport,
  onSuccessNotification,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
} from "../../../generated/index.js";
import { startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };
const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** The names of this service's connections, as Redis knows them. */
async function connections(service: string): Promise<string[]> {
  const list = String(await admin.client("LIST"));
  return [...list.matchAll(/ name=(\S+)/g)].flatMap(([, name = ""]) => (name.startsWith(`${service}:`) ? [name] : []));
}

async function pending(): Promise<number> {
  const [count] = (await admin.xpending("events", group)) as [number];
  return count;
}

describe("creating a messaging", () => {
  it("opens no connection, and closing one that was never used is nothing", async () => {
    const messaging = createService(redis, { service: "idle" });
    onUserCreated(messaging, () => {});
    expect(await connections("idle")).toEqual([]);
    await messaging.close();
    await messaging.close();
  });

  it("names its connections after the service and their work", async () => {
    await using messaging = createService(redis, { service: "named" });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(
      () => connections("named"),
      (names) => names.includes("named:publish") && names.includes("named:read:events"),
    );
  });

  it("does not open more connections than it may, and says so before it reads", async () => {
    const messaging = createService(redis, { redis: { maxConnections: 4 } });
    onUserCreated(messaging, () => {});
    onHealthReport(messaging, () => {});
    onSuccessNotification(messaging, () => {});
    const tooFew = expect.objectContaining({
      name: "ConfigError",
      message: expect.stringContaining("REDIS_MAX_CONNECTIONS is 4"),
    });
    await expect(messaging.start()).rejects.toThrow(tooFew);
    expect(await admin.keys("*")).toEqual([]);
    await messaging.close();
  });

  it("keeps to the bound that it was given", async () => {
    await using messaging = createService(redis, { service: "bounded", redis: { maxConnections: 10 } });
    onUserCreated(messaging, () => {});
    onSuccessNotification(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, input);
    await sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 1 }).catch(() => {});
    expect((await connections("bounded")).length).toBeGreaterThan(2);
    expect((await connections("bounded")).length).toBeLessThanOrEqual(10);
  });
});

describe("start()", () => {
  it("twice, or at once, is once", async () => {
    await using messaging = createService(redis, { service: "twice" });
    const seen: number[] = [];
    onUserCreated(messaging, (event) => void seen.push(event.entity_id));
    await Promise.all([messaging.start(), messaging.start()]);
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(() => seen.length > 0);
    const readers = (await connections("twice")).filter((name) => name.includes(":read:"));
    expect(readers).toEqual(["twice:read:events"]);
    expect(seen).toEqual([1]);
  });

  it("without a handler reads nothing and creates nothing", async () => {
    await using messaging = createService(redis);
    await messaging.start();
    expect(await admin.keys("*")).toEqual([]);
  });

  it("makes what an operator expects to see", async () => {
    await using messaging = createService(redis, { service: "my-service" });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(() => messaging.counts.handled === 1);
    const groups = (await admin.xinfo("GROUPS", "events")) as unknown[][];
    expect(groups.map((info) => info[info.indexOf("name") + 1])).toEqual(["my-service-workers"]);
    await eventually(async () => (await admin.xpending("events", "my-service-workers"))[0] === 0);
    const info = (await admin.xinfo("STREAM", "events")) as unknown[];
    expect(info[info.indexOf("length") + 1]).toBe(1);
  });
});

describe("stop()", () => {
  it("lets what runs finish, reads no more, and leaves publishing as it was", async () => {
    await using messaging = createService(redis);
    const seen: number[] = [];
    onUserCreated(messaging, async (event) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      seen.push(event.entity_id);
    });
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(pending, (count) => count === 1);
    await messaging.stop();
    expect(seen).toEqual([1]);
    expect(await pending()).toBe(0);
    await publishUserCreated(messaging, { ...input, entity_id: 2 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(seen).toEqual([1]);

    await messaging.stop();
    await messaging.start();
    await eventually(() => seen.length === 2);
    expect(seen).toEqual([1, 2]);
  });

  it("waits for a handler no longer than the drain timeout, and tells it so by its signal", async () => {
    await using messaging = createService(redis, { drainTimeoutSeconds: 0.1 });
    let aborted = false;
    onUserCreated(messaging, (_event, { signal }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(pending, (count) => count === 1);
    await messaging.stop();
    expect(aborted).toBe(true);
    expect(await pending()).toBe(1);
  });
});

describe("close()", () => {
  it("twice, or at once, is once; disposal is the same", async () => {
    const messaging = createService(redis, { service: "closing" });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, input);
    await Promise.all([messaging.close(), messaging.close(), messaging[Symbol.asyncDispose]()]);
    await messaging.close();
    await eventually(
      () => connections("closing"),
      (names) => names.length === 0,
    );
  });

  it("waits for publishes that are under way", async () => {
    const messaging = createService(redis);
    const publishing = Promise.all(Array.from({ length: 50 }, () => publishUserCreated(messaging, input)));
    await Promise.all([messaging.close(), publishing]);
    expect(await admin.xlen("events")).toBe(50);
  });

  it("lets a handler publish until it has finished", async () => {
    const messaging = createService(redis);
    onUserCreated(
      messaging,
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        await publishUserCreated(messaging, { ...input, entity_id: 2 });
      },
      { where: ({ entity_id }) => entity_id === 1 },
    );
    await messaging.start();
    await publishUserCreated(messaging, input);
    await eventually(pending, (count) => count === 1);
    await messaging.close();
    expect(messaging.counts).toMatchObject({ published: 2, publishFailed: 0, handlerFailed: 0 });
  });

  it("ends the wait for an answer", async () => {
    const messaging = createService(redis);
    const asking = sendValidateToken(messaging, { token: "t" }, { timeoutSeconds: 60 });
    const settled = expect(asking).rejects.toThrow(ClosedError);
    await eventually(() => admin.xlen("commands"));
    await messaging.close();
    await settled;
  });

  it("makes every later use an error that says so", async () => {
    const messaging = createService(redis);
    await messaging.close();
    const closed = { name: "ClosedError", code: "CLOSED" };
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject(closed);
    await expect(sendValidateToken(messaging, { token: "t" })).rejects.toMatchObject(closed);
    await expect(messaging.start()).rejects.toMatchObject(closed);
    expect(() => onUserCreated(messaging, () => {})).toThrow(expect.objectContaining(closed));
    expect(() => messaging.handle(createUser, () => ({ user_id: 1 }))).toThrow(expect.objectContaining(closed));
    await messaging.stop();
  });

  it("during a start() that waits for Redis ends it", async () => {
    const messaging = createService({ url: "redis://127.0.0.1:1" });
    onUserCreated(messaging, () => {});
    const starting = messaging.start();
    const ended = expect(starting).rejects.toMatchObject({ code: "CLOSED" });
    await messaging.close();
    await ended;
  });

  it.each(["used", "unreachable"])("leaves nothing that keeps the process alive: %s", async (state) => {
    const url = state === "used" ? redis.url : "redis://127.0.0.1:1";
    const script = new URL("./service-child.ts", import.meta.url);
    await using child = await startChild(script, { environment: { CHILD_REDIS: url } });
    await child.next();
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output).toBe("");
  });
});
