import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type HookEvents,
  handleValidateToken,
  type Messaging,
  onUserCreated,
  onUserLoggedOut,
  publishUserCreated,
  publishUserLoggedOut,
  RetryAfter,
  sendValidateToken,
} from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { startChild } from "../../support/child.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

/** In seconds: 30 days, which are more than a timer of Node's may take. It would end at once. */
const LONG = 30 * 86_400;
/** In seconds: the most that a setting may be. */
const MOST = 3_155_760_000;
const group = "test-service-workers";

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
beforeEach(async () => {
  await admin.flushall();
  await admin.config("RESETSTAT");
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

const publish = (messaging: Messaging, entity_id: number): Promise<unknown> =>
  publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } });

/** How often Redis was asked to do something since the test began. */
async function calls(command: string): Promise<number> {
  const stats = await admin.info("commandstats");
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Something that takes longer than a timer that ends at once: a message is handled when it comes for the second time. */
async function somethingElse(): Promise<void> {
  await using other = createService(redis, { service: "other" });
  let attempts = 0;
  onUserLoggedOut(other, () => {
    attempts += 1;
    if (attempts === 1) throw new RetryAfter(0.1);
  });
  await other.start();
  await publishUserLoggedOut(other, { entity_id: 1 });
  await eventually(() => attempts === 2);
}

function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe("a duration of more than 24.8 days", () => {
  it("between health reports, heartbeats, looks and trims has none of them come before its time", async () => {
    await using messaging = createService(redis, {
      healthIntervalSeconds: LONG,
      leaseSeconds: 3 * LONG,
      trimIntervalSeconds: LONG,
      foreignIdleSeconds: LONG,
      redis: { socketTimeoutSeconds: LONG },
    });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await admin.xgroup("CREATECONSUMER", "events", group, "foreign");
    await publish(messaging, 1);
    await eventually(() => messaging.counts.handled === 1);
    await admin.config("RESETSTAT");
    for (let attempt = 0; attempt < 10; attempt++) await publish(messaging, 2);
    await somethingElse();
    expect(await admin.xlen("health")).toBe(1);
    expect(await calls("xtrim")).toBeLessThan(5);
    expect(await calls("zadd")).toBeLessThan(50);
    expect(await calls("zrange")).toBeLessThan(50);
    expect(await calls("ping")).toBeLessThan(5);
    expect(messaging.counts).toMatchObject({ disconnected: 0, recovered: 0, trouble: 0 });
  });

  it("for a handler, and to drain, lets the handler end and its message be acknowledged", async () => {
    const messaging = createService(redis, { handlerTimeoutSeconds: LONG, drainTimeoutSeconds: LONG });
    const going = gate();
    const signals: AbortSignal[] = [];
    onUserCreated(messaging, async (_event, { signal }) => {
      signals.push(signal);
      await going.promise;
    });
    await messaging.start();
    await publish(messaging, 1);
    await eventually(() => signals.length === 1);
    let isClosed = false;
    const closing = messaging.close().then(() => {
      isClosed = true;
    });
    await somethingElse();
    expect([isClosed, signals[0]?.aborted]).toEqual([false, false]);
    going.open();
    await closing;
    expect(signals).toHaveLength(1);
    expect(messaging.counts).toMatchObject({ handled: 1, handlerFailed: 0 });
    expect(await admin.xpending("events", group)).toEqual([0, null, null, null]);
  });

  it("for an answer is waited for, and the answer is kept as long", async () => {
    await using answering = createService(redis, { service: "user-auth-service" });
    const going = gate();
    handleValidateToken(answering, async () => {
      await going.promise;
      return { valid: true };
    });
    await answering.start();
    await using asker = createService(redis, { service: "asker" });
    const asked = sendValidateToken(asker, { token: "t" }, { timeoutSeconds: LONG });
    await somethingElse();
    going.open();
    expect(await asked).toEqual({ valid: true });
    expect(answering.counts.commandExpired).toBe(0);
    const [stored] = await admin.keys("*:answer:*");
    expect(await admin.pttl(stored ?? "")).toBeGreaterThan(LONG * 1000);
  });

  describe.each(["none", "entity"] as const)("before a retry, in the order %s,", (order) => {
    it.each([
      ["that a handler asks for", {}, new RetryAfter(LONG), LONG * 1000],
      ["that is set, and is an hour at most,", { retryDelaySeconds: LONG }, new Error("a failure"), 3_600_000],
    ])("%s holds the message, and nothing but its entity", async (_, options, error, most) => {
      const retried: HookEvents["retried"][] = [];
      const hooks = { retried: (info: HookEvents["retried"]) => void retried.push(info) };
      await using messaging = createService(redis, { order, hooks, ...options });
      const attempts: string[] = [];
      onUserCreated(messaging, ({ entity_id }, { attempt }) => {
        attempts.push(`${entity_id}: ${attempt}`);
        if (entity_id === 1) throw error;
      });
      await messaging.start();
      await publish(messaging, 1);
      await publish(messaging, 2);
      await eventually(() => messaging.counts.handled === 1);
      await somethingElse();
      expect(attempts).toEqual(["1: 1", "2: 1"]);
      expect(messaging.counts).toMatchObject({ retried: 1, deadLettered: 0, trouble: 0 });
      expect(retried[0]?.delayMs).toBeLessThanOrEqual(most);
      expect(retried[0]?.delayMs).toBeGreaterThanOrEqual(most / 2);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])("of %d seconds is none: the settings decide", async (seconds) => {
      await using messaging = createService(redis, { order, retryDelaySeconds: 0.01 });
      const attempts: number[] = [];
      onUserCreated(messaging, (_event, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new RetryAfter(seconds);
      });
      await messaging.start();
      await publish(messaging, 1);
      await eventually(() => messaging.counts.handled === 1);
      expect(attempts).toEqual([1, 2]);
      expect(messaging.counts.trouble).toBe(0);
    });
  });

  it("to connect, and for a reply, has a publish wait for a Redis that is away", async () => {
    await using proxy = await startTcpProxy(redis);
    proxy.mode = "refuse";
    const options = { redis: { connectionTimeoutSeconds: LONG, socketTimeoutSeconds: LONG } };
    await using messaging = createService(proxy, options);
    let isOver = false;
    const publishing = publish(messaging, 1).finally(() => {
      isOver = true;
    });
    await somethingElse();
    expect(isOver).toBe(false);
    proxy.mode = "pass";
    await publishing;
    const { details } = await messaging.health();
    expect(details.redis.connected).toBe(true);
  });

  it("to keep messages keeps them, and remembers what was published once", async () => {
    await using messaging = createService(redis, { messageTtlSeconds: MOST, trimIntervalSeconds: 0.01 });
    const once = { id: crypto.randomUUID(), once: true };
    const input = { entity_id: 1, after_data: { email: "ada@example.com" } };
    const { entryId } = await publishUserCreated(messaging, input, once);
    await eventually(async () => (await calls("xtrim")) > 3);
    expect(await publishUserCreated(messaging, input, once)).toMatchObject({ entryId });
    expect(await admin.xlen("events")).toBe(1);
    expect(messaging.counts.trouble).toBe(0);
  });
});

interface ChildNews {
  readonly attempted?: number;
  readonly heard?: string;
  readonly status?: string;
  readonly counts?: Messaging["counts"];
}

describe("a service whose every duration is a hundred years", () => {
  it("does what any other does, and Node warns of none of its timers", async () => {
    await using child = await startChild<ChildNews>(new URL("./long-durations-child.ts", import.meta.url), {
      environment: { CHILD_REDIS: redis.url },
    });
    await child.next(({ status }) => status === "healthy");
    await eventually(() => child.messages.filter(({ attempted }) => attempted !== undefined).length === 2);
    await eventually(
      async () => ((await admin.zrange("{events}:alive:user-auth-service-workers", "0", "-1")) as []).length,
    );
    await somethingElse();
    child.send({ close: true });
    const { counts } = await child.next((news) => news.counts !== undefined);
    expect(counts).toMatchObject({ handlerFailed: 2, retried: 2, deadLettered: 0, disconnected: 0, trouble: 0 });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.messages.map(({ attempted }) => attempted).filter(Number)).toEqual([1, 2]);
    expect(child.messages.map(({ heard }) => heard).filter(Boolean)).toEqual(["a notification"]);
    expect(child.output).not.toContain("TimeoutOverflowWarning");
  });
});
