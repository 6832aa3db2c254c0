import { afterEach, describe, expect, it } from "vitest";
import {
  handleCreateUser,
  onSuccessNotification,
  onUserCreated,
  publishUserCreated,
  UnrecoverableError,
} from "../../../generated/index.js";
import { Operations } from "../../../runtime/operations/index.js";
import type { MessagingOptions } from "../../../runtime/service/assemble.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

type Service = ReturnType<typeof createService>;

const service = (options: MessagingOptions = {}): Service => createService(redis, options);
const publish = (messaging: Service, entity_id: number): Promise<unknown> =>
  publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } });

/** Resolves to `late` when something takes longer than it may: the bound of a health check on a Redis that hangs. */
async function withinMs<Value>(work: Promise<Value>, limitMs: number): Promise<Value | "late"> {
  const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), limitMs).unref());
  return await Promise.race([work, late]);
}

describe("the health of a service", () => {
  it("is unknown before it starts, and healthy once it reads", async () => {
    await using messaging = service({ version: "2.0.0" });
    onUserCreated(messaging, () => {});
    onSuccessNotification(messaging, () => {});
    expect(await messaging.health()).toMatchObject({ status: "unknown", details: { redis: { connected: true } } });
    await messaging.start();
    const health = await eventually(
      () => messaging.health(),
      // Its connections are made in the background, and counted until all of them are.
      ({ details }) => details.streams["events"]?.lag === 0 && details.counts.connected === messaging.counts.connected,
    );
    const quiet = {
      group: "test-service-workers",
      loop: "reading",
      lag: 0,
      pending: 0,
      oldest_pending_seconds: 0,
      retrying: 0,
      dead_letters: 0,
      oldest_dead_letter_seconds: 0,
      ids: "current",
      advice: [],
    };
    expect(health).toMatchObject({
      status: "healthy",
      version: "2.0.0",
      uptime_seconds: expect.any(Number),
      details: {
        redis: { connected: true, latency_ms: expect.any(Number) },
        streams: { events: quiet, notifications: quiet },
        counts: messaging.counts,
      },
    });
  });

  it("is bad while one of its streams cannot be begun, whose partitions nobody knows", async () => {
    await admin.set("{commands}:topology", "junk");
    await using proxy = await startTcpProxy(redis);
    proxy.mode = "refuse";
    await using messaging = createService({ url: proxy.url }, { redis: { connectionTimeoutSeconds: 1 } });
    onUserCreated(messaging, () => {});
    handleCreateUser(messaging, () => ({ user_id: 1 }));
    await messaging.start();
    proxy.mode = "pass";
    const { status } = await eventually(
      () => messaging.health(),
      ({ details }) => details.redis.connected && details.streams["events"]?.loop === "reading",
    );
    expect(status).toBe("unhealthy");

    await admin.del("{commands}:topology");
    await eventually(
      () => messaging.health(),
      (health) => health.status === "healthy" && health.details.streams["commands"] !== undefined,
    );
    await messaging.stop();
    expect(await messaging.health()).toMatchObject({ status: "unknown" });
  });

  it("tells what waits, what is in hand, what is to be tried again, and what is dead", async () => {
    await using messaging = service({ concurrency: 1, batchSize: 1, retryDelaySeconds: 60 });
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    onUserCreated(messaging, async ({ entity_id }) => {
      if (entity_id === 1) throw new Error("later");
      if (entity_id === 3) await opened;
    });
    onUserCreated(messaging, () => {}, { where: () => true });
    await messaging.start();
    await publish(messaging, 1);
    await admin.xadd("events", "*", "event_type", "user.created", "entity_id", "junk");
    for (let id = 3; id < 20; id++) await publish(messaging, id);
    const stream = await eventually(
      async () => (await messaging.health()).details.streams["events"],
      (seen) => seen?.loop === "busy" && seen.dead_letters === 1 && seen.oldest_pending_seconds > 0,
    );
    expect(stream).toMatchObject({ retrying: 1, dead_letters: 1 });
    expect(stream?.lag).toBeGreaterThan(5);
    expect(stream?.pending).toBeGreaterThanOrEqual(2);
    open();
  });

  it("counts what was redriven: what waits, what is in hand, what is to be tried again", async () => {
    await using operations = new Operations({ env: {}, redis: { url: redis.url } });
    await using messaging = service({ concurrency: 1, batchSize: 1, maxRetries: 1, retryDelaySeconds: 60 });
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isRedriven = false;
    onUserCreated(messaging, async () => {
      if (!isRedriven) throw new UnrecoverableError("not now");
      await opened;
      throw new Error("later");
    });
    await messaging.start();
    for (let id = 1; id <= 20; id++) await publish(messaging, id);
    await eventually(() => messaging.counts.deadLettered === 20);
    isRedriven = true;
    expect(await operations.deadLetters.redriveAll("events")).toBe(20);
    const events = async () => (await messaging.health()).details.streams["events"];
    const waiting = await eventually(events, (seen) => seen?.lag !== 0 && (seen?.oldest_pending_seconds ?? 0) > 0);
    expect(waiting).toMatchObject({ retrying: 0, dead_letters: 0 });
    expect((waiting?.lag ?? 0) + (waiting?.pending ?? 0)).toBe(20);
    open();
    await eventually(events, (seen) => seen?.lag === 0 && seen.pending === 20 && seen.retrying === 20);
  });

  it("of a stream whose lag Redis cannot tell is null, not 0", async () => {
    await using messaging = service({ concurrency: 1, batchSize: 1 });
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    onUserCreated(messaging, () => opened);
    await messaging.start();
    for (let id = 1; id <= 10; id++) await publish(messaging, id);
    const lag = async (): Promise<number | null | undefined> => {
      const { details } = await messaging.health();
      return details.streams["events"]?.lag;
    };
    await eventually(async () => (await messaging.health()).details.streams["events"]?.loop === "busy");
    expect(await lag()).toBeGreaterThan(0);
    // Redis counts entries by their number; with one deleted among the unread it can only say that it does not know.
    const [unread] = await admin.xrevrange("events", "+", "-", "COUNT", 2);
    await admin.xdel("events", unread?.[0] ?? "");
    expect(await lag()).toBeNull();
    open();
  });
});

describe("the lag of a stream whose counters are wrong, as after Redis has loaded a rewritten AOF,", () => {
  const lag = async (messaging: Service): Promise<number | null | undefined> =>
    (await messaging.health()).details.streams["events"]?.lag;
  /** Redis' own lag counts on from here. */
  const pretend = async (added: number): Promise<void> => {
    const [last] = await admin.xrevrange("events", "+", "-", "COUNT", 1);
    await admin.call("XSETID", "events", last?.[0] ?? "", "ENTRIESADDED", added, "MAXDELETEDID", "0-0");
  };

  it("is 0 when nothing is left, and unknown before", async () => {
    await using messaging = service({ concurrency: 1, batchSize: 1 });
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    onUserCreated(messaging, () => opened);
    await messaging.start();
    for (let id = 1; id <= 10; id++) await publish(messaging, id);
    await eventually(async () => (await messaging.health()).details.streams["events"]?.loop === "busy");

    await pretend(3000);
    expect(await lag(messaging)).toBeNull();
    open();
    await eventually(
      () => lag(messaging),
      (seen) => seen === 0,
    );
  });
});

describe("the health of a service whose Redis does not answer", () => {
  const quick = { connectionTimeoutSeconds: 0.5, socketTimeoutSeconds: 0.5 };
  const unhealthy = { status: "unhealthy", details: { redis: { connected: false, latency_ms: null } } };

  it("is unhealthy in bounded time when it hangs, and healthy when it is back", async () => {
    await using own = await startRedis();
    await using messaging = createService(own, { redis: quick });
    onUserCreated(messaging, () => {});
    await messaging.start();
    expect(await messaging.health()).toMatchObject({ status: "healthy" });
    own.pause();
    expect(await withinMs(messaging.health(), 3000)).toMatchObject(unhealthy);
    own.resume();
    await eventually(
      () => messaging.health(),
      ({ status }) => status === "healthy",
    );
  });

  it("is unhealthy in bounded time when it is gone, and never rejects, not even after close()", async () => {
    const own = await startRedis();
    const messaging = createService(own, { redis: quick });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await own.kill();
    expect(await withinMs(messaging.health(), 3000)).toMatchObject(unhealthy);
    await messaging.close();
    expect(await withinMs(messaging.health(), 3000)).toMatchObject(unhealthy);
    await own.stop();
  });

  it("is unhealthy when there never was one", async () => {
    await using messaging = createService({ url: "redis://127.0.0.1:1" }, { redis: quick });
    expect(await withinMs(messaging.health(), 3000)).toMatchObject(unhealthy);
    onUserCreated(messaging, () => {});
    await messaging.start();
    expect(await withinMs(messaging.health(), 3000)).toMatchObject(unhealthy);
  });
});
