import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { onUserCreated } from "../../../generated/index.js";
import { hasAskedWithin } from "../../../runtime/consume/death-watch.js";
import { HANDOVER, PARKED, streamKeys } from "../../../runtime/redis/keys.js";
import { beats } from "../../../runtime/redis/lua/beats.js";
import { handoverMember } from "../../../runtime/redis/lua/handover.js";
import { type Reaped, reap } from "../../../runtime/redis/lua/takeover.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Adds so many events and has them delivered to a consumer that is no service of ours. */
async function deliver(count: number, consumer: string): Promise<void> {
  await fillEvents(admin, count);
  await admin.xgroup("CREATE", "events", group, "0").catch(() => {});
  await admin.xreadgroup("GROUP", group, consumer, "COUNT", count, "STREAMS", "events", ">");
}

/** The ids of what is pending, by consumer. */
async function pending(): Promise<Record<string, number>> {
  const [, , , consumers] = (await admin.xpending("events", group)) as [number, string, string, [string, string][]];
  return Object.fromEntries((consumers ?? []).map(([name, count]) => [name, Number(count)]));
}

describe("a consumer that beats", () => {
  it("is not taken for dead before its heartbeat was seen to stand still three times, however long that is", async () => {
    const leaseSeconds = 1;
    await deliver(1, "slow");
    await admin.zadd(keys.alive, 1, "slow");
    const looked = vi.spyOn(beats, "run");
    onTestFinished(() => looked.mockRestore());
    const looks = (): number =>
      looked.mock.settledResults.filter(
        ({ type }, at) => type === "fulfilled" && looked.mock.calls[at]?.[1][0] === keys.alive,
      ).length;
    await using messaging = createService(redis, { leaseSeconds });
    onUserCreated(messaging, () => {});
    await messaging.start();

    await eventually(looks, (count) => count >= 1, { everyMs: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    // This process is busy for longer than a lease: at its next look the heartbeat is that old, and seen but twice.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * leaseSeconds + 100);
    await eventually(looks, (count) => count >= 2, { everyMs: 1 });
    // By now it would have taken over, and the next look is far away.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await admin.zadd(keys.alive, 2, "slow");
    await eventually(looks, (count) => count >= 4, { everyMs: 1 });
    expect(messaging.counts.recovered).toBe(0);
    expect(await pending()).toEqual({ slow: 1 });

    // And it is, once nobody beats for it.
    await eventually(() => messaging.counts.handled === 1);
    expect(messaging.counts.recovered).toBe(1);
  });
});

describe("a consumer whose own heartbeats are refused", () => {
  it("takes nobody for dead: what keeps it from beating may keep others from it, too", async () => {
    await deliver(1, "slow");
    await admin.zadd(keys.alive, 1, "slow");
    await admin.acl("SETUSER", "limited", "on", ">right", "+@all", "allkeys", "allchannels");
    const looked = vi.spyOn(beats, "run");
    onTestFinished(() => looked.mockRestore());
    const url = redis.url.replace("//", "//limited:right@");
    await using messaging = createService({ url }, { leaseSeconds: 1 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await admin.acl("SETUSER", "limited", "-zadd");

    // Twice as many as are made in a lease.
    await eventually(() => looked.mock.calls.filter(([, [key]]) => key === keys.alive).length >= 10);
    expect(messaging.counts.recovered).toBe(0);
    expect(await pending()).toEqual({ slow: 1 });

    await admin.acl("SETUSER", "limited", "+zadd");
    await eventually(() => messaging.counts.handled === 1);
    expect(messaging.counts.recovered).toBe(1);
  });
});

it("a consumer that Redis says has just asked may have done so long ago: the clock was set back", () => {
  expect([1, 99, 100, 0, undefined].map((idleMs) => hasAskedWithin(100, idleMs))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe("a consumer that beats at the last moment", () => {
  it("keeps its messages: who wants them names the heartbeat that it has watched", async () => {
    await deliver(1, "slow");
    await admin.zadd(keys.alive, 2, "slow");
    const take = (beat: string): Promise<Reaped[] | null> =>
      reap.run(
        admin,
        [keys.stream, keys.alive, keys.types, keys.errors],
        [group, "other", "slow", beat, 100, "v1", ""],
      );
    expect([await take("1"), await take("")]).toEqual([null, null]);
    expect(await pending()).toEqual({ slow: 1 });
    expect(await take("2")).toHaveLength(1);
    expect(await pending()).toEqual({ other: 1 });
  });
});

describe("a dead consumer with more messages than one step takes", () => {
  it("keeps its name and its heartbeat until the last of them is taken: Redis drops those of a deleted name", async () => {
    await deliver(3, "dead");
    await admin.zadd(keys.alive, 1, "dead");
    const take = (): Promise<Reaped[] | null> =>
      reap.run(admin, [keys.stream, keys.alive, keys.types, keys.errors], [group, "other", "dead", "1", 2, "v1", ""]);
    expect(await take()).toHaveLength(2);
    expect(await pending()).toEqual({ dead: 1, other: 2 });
    expect(await admin.zscore(keys.alive, "dead")).toBe("1");
    expect(await take()).toHaveLength(1);
    expect(await pending()).toEqual({ other: 3 });
    expect(await admin.zscore(keys.alive, "dead")).toBeNull();
  });

  it("has its types forgotten with its name, of which the others learn by a new version", async () => {
    await deliver(1, "dead");
    await admin.zadd(keys.alive, 1, "dead");
    await admin.hset(keys.types, "version", "v1", "dead", '\n"user.created"\n');
    const args = [group, "other", "dead", "1", 1, "v2", ""];
    await reap.run(admin, [keys.stream, keys.alive, keys.types, keys.errors], args);
    expect(await admin.hgetall(keys.types)).toEqual({ version: "v2" });
  });
});

describe("consumers without a heartbeat", () => {
  it("are taken over after they were idle for long, but what waits for its retry stays parked until it is due", async () => {
    await deliver(1, "python");
    const id = (await admin.xrange("events", "-", "+"))[0]?.[0] ?? "";
    await fillEvents(admin, 1);
    await using messaging = createService(redis, {
      foreignIdleSeconds: 0.4,
      leaseSeconds: 0.4,
      retryDelaySeconds: 3600,
    });
    const attempts: number[] = [];
    onUserCreated(messaging, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("not yet");
    });
    await messaging.start();
    // It is busy until then, and idle no sooner than what was parked.
    await eventually(async () => {
      const { [PARKED]: parked } = await pending();
      await admin.xclaim("events", group, "python", 0, id, "JUSTID");
      return parked === 1;
    });

    await eventually(() => messaging.counts.handled === 1);
    expect(attempts).toEqual([1, 2]);
    await eventually(pending, (left) => left["python"] === undefined);
    expect(await pending()).toEqual({ [PARKED]: 1 });
  });

  it("are taken over, but not what waits for a member that handles it", async () => {
    await admin.xadd("events", "*", "event_type", "company.created");
    await admin.xgroup("CREATE", "events", group, "0");
    const [[id] = []] = await admin.xrange("events", "-", "+");
    await admin.xreadgroup("GROUP", group, HANDOVER, "STREAMS", "events", ">");
    const waiting = { id: id as string, type: "company.created", isSuspect: false };
    await admin.zadd(keys.handover, 0, handoverMember(waiting));
    await admin.hset(keys.types, "version", "v1", "other", '\n"company.created"\n');
    await deliver(1, "python");
    await using messaging = createService(redis, { foreignIdleSeconds: 0.4, leaseSeconds: 2 });
    onUserCreated(messaging, () => {});
    await messaging.start();

    await eventually(async () => {
      await admin.zincrby(keys.alive, 1, "other");
      const names = Object.keys(await pending());
      return !names.includes("python") && names.length === 1;
    });
    expect(await pending()).toEqual({ [HANDOVER]: 1 });
    expect(messaging.counts.recovered).toBe(1);
  });
});

describe("what was taken over from a dead consumer", () => {
  it("is acknowledged before the next of it begins, so that only one that kills its process is blamed", async () => {
    const real = globalThis.setTimeout;
    // Whatever waits five milliseconds for more to come waits for good.
    const timers = vi
      .spyOn(globalThis, "setTimeout")
      .mockImplementation(((run: () => void, ms?: number) => real(run, ms === 5 ? 1e6 : ms)) as typeof setTimeout);
    onTestFinished(() => timers.mockRestore());
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await deliver(3, "dead");
    // Each of them had begun in another process that died, too.
    const ids = (await admin.xrange("events", "-", "+")).map(([id]) => id);
    await admin.xclaim("events", group, "dead", 0, ...ids, "RETRYCOUNT", 2, "JUSTID");
    await admin.zadd(keys.alive, 1, "dead");
    await fillEvents(admin, 1);
    await using messaging = createService(redis, { leaseSeconds: 0.3 });
    const suspects: number[] = [];
    const pendingAt: number[] = [];
    onUserCreated(messaging, async (_event, { attempt }) => {
      // One of its own goes on all the while, so the consumer is never idle.
      if (attempt === 1) return opened;
      suspects.push(attempt);
      pendingAt.push(Object.values(await pending()).reduce((sum, count) => sum + count, 0));
    });
    await messaging.start();

    await eventually(() => suspects.length === 3);
    await eventually(() => pendingAt.length === 3);
    expect(pendingAt).toEqual([4, 3, 2]);
    open();
    await eventually(pending, (left) => Object.keys(left).length === 0);
  });
});
