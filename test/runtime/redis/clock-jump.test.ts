import { afterEach, describe, expect, it } from "vitest";
import { type Messaging, onUserCreated } from "../../../generated/index.js";
import { RetryAfter } from "../../../runtime/index.js";
import { groupState } from "../../../runtime/redis/group-state.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { trim } from "../../../runtime/redis/lua/trim.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const GROUP = "test-service-workers";
const RETRY = `{events}:retry:${GROUP}`;
const HOUR_MS = 3_600_000;

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

async function now(): Promise<number> {
  const [seconds] = await admin.time();
  return Number(seconds) * 1000;
}

/** A service that fails each message once, and has it wait for so long. */
async function failing(count: number, delaySeconds: number): Promise<{ messaging: Messaging; handled: number[] }> {
  const messaging = createService(redis, { maxRetries: 3 });
  const handled: number[] = [];
  onUserCreated(messaging, ({ entity_id }, { attempt }) => {
    if (attempt === 1) throw new RetryAfter(delaySeconds);
    handled.push(entity_id);
  });
  await messaging.start();
  await fillEvents(admin, count);
  await eventually(
    () => admin.zcard(RETRY),
    (parked) => parked === count,
  );
  return { messaging, handled };
}

/** Joins, and with that looks at every due time. Others do so every half minute. */
async function look(handled: number[]): Promise<Messaging> {
  const messaging = createService(redis);
  onUserCreated(messaging, ({ entity_id }) => void handled.push(entity_id));
  await messaging.start();
  return messaging;
}

async function dues(): Promise<number[]> {
  const list = await admin.zrange(RETRY, "0", "-1", "WITHSCORES");
  return list.filter((_, at) => at % 2 === 1).map(Number);
}

describe("Redis' clock that went back three hours", () => {
  it("has no retry wait for longer than its own delay", async () => {
    const { messaging, handled } = await failing(3, 600);
    await using _messaging = messaging;
    for (const id of await admin.zrange(RETRY, "0", "-1")) await admin.zincrby(RETRY, 3 * HOUR_MS, id);
    await using _other = await look(handled);
    await eventually(dues, (all) => all.every((due) => due < Date.now() + HOUR_MS));
    for (const due of await dues()) expect(Math.abs(due - (await now()) - 600_000)).toBeLessThan(100_000);
    expect(handled).toEqual([]);
  });

  it("has one that an older version parked retried at once, and leaves one alone that is to wait for so long", async () => {
    const { messaging, handled } = await failing(2, 4 * 3600);
    await using _messaging = messaging;
    const [older = "", long = ""] = await admin.zrange(RETRY, "0", "-1");
    const due = await admin.zscore(RETRY, long);
    await admin.zadd(RETRY, (await now()) + 3 * HOUR_MS, older);
    await using _other = await look(handled);
    await eventually(() => handled.length === 1);
    expect(await admin.zrange(RETRY, "0", "-1", "WITHSCORES")).toEqual([long, due]);
  });

  it("goes on publishing, handling, retrying and trimming with ids that are ahead of it", async () => {
    const { messaging, handled } = await failing(2, 0.05);
    await using _messaging = messaging;
    await eventually(() => handled.length === 2);
    const ahead = (await now()) + 3 * HOUR_MS;
    await admin.xadd("events", `${ahead}-0`, "event_type", "other");
    for (const field of ["served", "added"])
      await admin.hset(`{events}:floor:${GROUP}`, field, field === "served" ? ahead : 3);
    await admin.hset("{events}:retention", "at", ahead, "gone", 0);
    await fillEvents(admin, 20);
    await eventually(() => handled.length === 22);
    await eventually(async () => (await admin.xpending("events", GROUP))[0] === 0);
    await trimOnce(5);
    expect(await admin.xlen("events")).toBe(5);
  });

  it("keeps nobody from trimming, and no destroyed group from being forgotten", async () => {
    await fillEvents(admin, 5);
    const ahead = (await now()) + 3 * HOUR_MS;
    await admin.set("{events}:trimming", ahead, "PX", 3 * HOUR_MS);
    await admin.zadd("{events}:groups", ahead, "gone");
    await trimOnce(1);
    expect(await admin.xlen("events")).toBe(1);
    expect(Number(await admin.zscore("{events}:groups", "gone"))).toBeLessThanOrEqual((await now()) + 2000);
    expect(await admin.pttl("{events}:trimming")).toBeLessThanOrEqual(1000);
  });
});

describe("Redis' clock that went back", () => {
  it("has no message wait for less than no time", async () => {
    await admin.xadd("events", `${(await now()) + 3 * HOUR_MS}-0`, "event_type", "other");
    await admin.xgroup("CREATE", "events", GROUP, "0");
    await admin.xreadgroup("GROUP", GROUP, "other", "STREAMS", "events", ">");
    const state = await groupState(admin, streamKeys("events", GROUP), GROUP);
    expect(state).toMatchObject({ pending: 1, oldestPendingSeconds: 0 });
  });
});

async function trimOnce(most: number): Promise<{ expired?: readonly string[]; unserved?: readonly object[] }> {
  const { trimming, marks, retention, groups, oversized } = streamKeys("events", GROUP);
  const keys = ["events", trimming, marks, retention, groups, oversized];
  const args = ["{events}:", ":", HOUR_MS, most, 1000, 60_000, "expire-group"];
  return JSON.parse((await trim.run(admin, keys, args)) ?? "{}");
}

describe("Redis' clock that went forward three hours", () => {
  it("has no group expire before its consumers could make themselves known again", async () => {
    await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
    await fillEvents(admin, 5);
    await trimOnce(1);
    await fillEvents(admin, 5);
    const before = (await now()) - 3 * HOUR_MS;
    await admin.hset("{events}:floor:g", "served", before);
    await admin.hset("{events}:retention", "at", before);
    for (let times = 0; times < 2; times++) {
      await admin.del("{events}:trimming");
      expect(await trimOnce(1)).not.toHaveProperty("unserved");
    }
    expect(await admin.xinfo("GROUPS", "events")).toHaveLength(1);

    // A minute later it is as good as any other.
    await admin.hincrby("{events}:retention", "paused", -61_000);
    await admin.del("{events}:trimming");
    expect(await trimOnce(1)).toMatchObject({ expired: ["g"] });
  });
});
