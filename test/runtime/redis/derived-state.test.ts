import { afterEach, describe, expect, it } from "vitest";
import { type Messaging, onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { paddedId } from "../../../runtime/broker/entry-id.js";
import { RetryAfter } from "../../../runtime/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { ensureGroup } from "../../../runtime/redis/lua/group.js";
import { trim } from "../../../runtime/redis/lua/trim.js";
import { sweepAll } from "../../../runtime/redis/sweep.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const GROUP = "test-service-workers";
const RETRY = `{events}:retry:${GROUP}`;
const ERRORS = `{events}:errors:${GROUP}`;
const HELD = `{events}:held:${GROUP}`;
/** On a busy machine. */
const PATIENT = { withinMs: 25_000 };
const MESSAGE = { entity_id: 1, after_data: { email: "ada@example.com" } };

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Trims `events` to so many entries, whoever holds the lock. */
async function trimTo(most: number, { maxAgeMs = 3_600_000, policy = "" } = {}): Promise<unknown> {
  await admin.del("{events}:trimming");
  const { trimming, marks, retention, groups, oversized } = streamKeys("events", GROUP);
  const keys = ["events", trimming, marks, retention, groups, oversized];
  return JSON.parse((await trim.run(admin, keys, ["{events}:", ":", maxAgeMs, most, 1000, 60_000, policy])) ?? "{}");
}

async function readAll(group: string): Promise<string[]> {
  const reply = await admin.xreadgroup("GROUP", group, "me", "COUNT", 10_000, "STREAMS", "events", ">");
  return ((reply as [string, [string, string[]][]][] | null)?.[0]?.[1] ?? []).map(([id]) => id);
}

/** A stream of which 45 entries are acknowledged, in marks of ten. */
async function acknowledged(): Promise<void> {
  await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
  for (const count of [10, 10, 10, 10, 5]) {
    await fillEvents(admin, count);
    await admin.xack("events", "g", ...(await readAll("g")));
    await trimTo(10);
  }
}

const copied = async (): Promise<void> => {
  const entries = await admin.xrange("events", "-", "+");
  await admin.del("events");
  for (const [id, fields] of entries) await admin.xadd("events", id, ...fields);
};

describe("what was known of a stream that is gone", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["deleted", () => admin.del("events")],
    ["renamed", () => admin.rename("events", "old{events}")],
    ["added anew with its ids", copied],
  ])("makes trimming remove nothing that waits in its successor, after it was %s", async (_, go) => {
    await acknowledged();
    await go();
    await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
    await fillEvents(admin, 50 - (await admin.xlen("events")));
    const waiting = await readAll("g");
    await trimTo(10);
    expect(await admin.xlen("events")).toBe(50);
    await admin.xack("events", "g", ...waiting);
    await trimTo(10);
    expect(await admin.xlen("events")).toBe(10);
  });

  it("does not make a repeat of what is published once store nothing", async () => {
    await using messaging = createService(redis);
    const publish = () => publishUserCreated(messaging, MESSAGE, { id: crypto.randomUUID(), once: true });
    const id = crypto.randomUUID();
    const repeat = () => publishUserCreated(messaging, MESSAGE, { id, once: true });
    const first = await repeat();
    expect(await repeat()).toEqual(first);

    await admin.del("events");
    const second = await repeat();
    expect(await repeat()).toEqual(second);
    expect(await admin.xlen("events")).toBe(1);

    // What was trimmed was stored.
    await publish();
    await trimTo(1);
    expect(await admin.xlen("events")).toBe(1);
    expect(await repeat()).toEqual(second);
    expect(await admin.xlen("events")).toBe(1);

    await admin.rename("events", "old{events}");
    await publish();
    await publish();
    await trimTo(1);
    expect(await repeat()).not.toEqual(second);
    expect(await admin.xlen("events")).toBe(2);
  });

  it("is trusted by a publisher that may not look into what is known of the stream", async () => {
    await admin.acl("SETUSER", "blind", "reset", "on", ">secret", "allkeys", "allchannels", "+@all", "-hget");
    await using messaging = createService({ url: redis.url.replace("redis://", "redis://blind:secret@") });
    const id = crypto.randomUUID();
    const repeat = () => publishUserCreated(messaging, MESSAGE, { id, once: true });
    const first = await repeat();
    await publishUserCreated(messaging, MESSAGE);
    await trimTo(1);
    expect(await repeat()).toEqual(first);
    await admin.acl("DELUSER", "blind");
  });
});

/** Parks so many messages, each with its errors, for an hour and more. */
async function parkedBy(messaging: Messaging, count: number): Promise<void> {
  onUserCreated(messaging, () => {
    throw new RetryAfter(7200);
  });
  await messaging.start();
  await fillEvents(admin, count);
  await eventually(
    () => admin.zcard(RETRY),
    (parked) => parked === count,
  );
}

/** Every key of ours, and in it every member, that has no reason to be there any more. */
async function orphans(living: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const key of await admin.keys("{*")) {
    const [, stream = "", kind = "", group = ""] = /^\{(.+)\}:(\w+):?(.*)$/.exec(key) ?? [];
    for (const member of await unexplained(key, { stream, kind, group, living })) found.push(`${key} ${member}`);
  }
  return found;
}

async function unexplained(
  key: string,
  { stream, kind, group, living }: { stream: string; kind: string; group: string; living: readonly string[] },
): Promise<string[]> {
  const pendingOf = async (consumer?: string): Promise<string[]> => {
    const page = admin.call("XPENDING", stream, group, "-", "+", 1000, ...(consumer === undefined ? [] : [consumer]));
    return ((await page.catch(() => [])) as [string][]).map(([id]) => id);
  };
  const without = async (members: Promise<string[]>, known: readonly string[]): Promise<string[]> =>
    (await members).filter((member) => !known.includes(member));
  switch (kind) {
    case "retry":
      return without(admin.zrange(key, "0", "-1"), await pendingOf("parked"));
    case "errors":
      return without(admin.hkeys(key), await pendingOf());
    case "held":
      return without(admin.hkeys(key), await pendingOf("parked"));
    case "handover":
      return without(admin.zrange(key, "0", "-1"), []);
    case "alive":
      return without(admin.zrange(key, "0", "-1"), living);
    case "types":
      return without(admin.hkeys(key), ["version", ...living]);
    case "dead":
      if (group === "settled")
        return without(
          admin.hkeys(key),
          (await admin.xrange(`{${stream}}:dead`, "-", "+")).map(([id]) => id),
        );
      if (group === "index")
        return (await admin.zcard(key)) === (await admin.xlen(`{${stream}}:dead`)) ? [] : ["drifted"];
      return [];
    case "oversized": {
      const letters = (await admin.xrange(`{${stream}}:dead`, "-", "+")).map(([id]) => paddedId(id));
      return (await admin.zrange(key, "0", "-1")).filter((member) => !letters.includes(member.slice(40)));
    }
    case "once":
    case "answer":
    case "trimming":
      return (await admin.pttl(key)) > 0 ? [] : ["without an end"];
    // Each limits trimming, and ends when its group has been away for `MESSAGE_TTL`.
    case "floor":
      return (await admin.zscore(`{${stream}}:groups`, group)) === null ? ["of no known group"] : [];
    // One for each stream; they end with it.
    case "groups":
    case "marks":
    case "retention":
    case "redrive":
      return [];
    default:
      return ["unknown"];
  }
}

/** Leaves what a process leaves that is killed. */
async function die(): Promise<void> {
  await fillEvents(admin, 1);
  await admin.xreadgroup("GROUP", GROUP, "dead-1", "STREAMS", "events", ">");
  await admin.zadd(`{events}:alive:${GROUP}`, 1, "dead-1");
  await admin.hset(`{events}:types:${GROUP}`, "version", "v", "dead-1", '\n"user.deleted"\n');
}

describe("after a fault", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["DEL of the stream", () => admin.del("events")],
    ["RENAME of the stream", () => admin.rename("events", "old{events}")],
    ["FLUSHALL", () => admin.flushall()],
    ["XGROUP DESTROY", () => admin.xgroup("DESTROY", "events", GROUP)],
    ["XGROUP SETID back", () => admin.xgroup("SETID", "events", GROUP, "0")],
    ["XGROUP DELCONSUMER of the parked", () => admin.xgroup("DELCONSUMER", "events", GROUP, "parked")],
    ["XACK by hand", async () => admin.xack("events", GROUP, ...(await admin.zrange(RETRY, "0", "-1")))],
    [
      "DEL of the due times and the group",
      () => Promise.all([admin.del(RETRY), admin.xgroup("DESTROY", "events", GROUP)]),
    ],
    ["the end of the service", async () => {}],
    ["the death of a consumer", die],
  ])("by %s, no key of ours holds what nothing ends", async (_, break_) => {
    const failing = createService(redis);
    await parkedBy(failing, 5);
    // One of them had waited for its type.
    await admin.hset(HELD, ...(await admin.zrange(RETRY, "0", "0")), "user.created");
    await publishUserCreated(failing, MESSAGE, { id: crypto.randomUUID(), once: true });
    await failing.close();
    await break_();
    // What was parked for hours becomes due; what is still pending is handled now.
    for (const id of await admin.zrange(RETRY, "0", "-1")) await admin.zadd(RETRY, 0, id);
    await using messaging = createService(redis, { leaseSeconds: 1 });
    onUserCreated(messaging, () => {});
    await messaging.start();
    await publishUserCreated(messaging, MESSAGE);
    await eventually(async () => (await admin.zscore(`{events}:alive:${GROUP}`, "dead-1")) === null);
    await eventually(async () => (await admin.xpending("events", GROUP))[0] === 0);
    await messaging.close();
    await using last = createService(redis);
    onUserCreated(last, () => {});
    await last.start();
    await eventually(
      () => admin.exists(RETRY, ERRORS, HELD),
      (left) => left === 0,
    );
    await last.close();
    expect(await orphans([])).toEqual([]);
  });
});

it("what is parked and acknowledged by hand is not tried again, and takes what is recorded of it along", async () => {
  await fillEvents(admin, 1300);
  await admin.xgroup("CREATE", "events", GROUP, "0");
  await admin.xreadgroup("GROUP", GROUP, "parked", "COUNT", 1300, "STREAMS", "events", ">");
  const ids = (await admin.xrange("events", "-", "+")).map(([id]) => id);
  const later = Date.now() + 1e6;
  await admin.zadd(RETRY, ...ids.flatMap((id) => [later, id]));
  await admin.hset(ERRORS, ...ids.flatMap((id) => [id, "{}"]));
  await admin.hset(HELD, ...ids.slice(0, 1000).flatMap((id) => [id, "user.created"]));
  await admin.hset(`{events}:paused:${GROUP}`, "type:user.created", "0 1 {}");
  const acknowledged = ids.slice(0, 700);
  await admin.xack("events", GROUP, ...acknowledged);
  const left = ids.slice(700);
  await sweepAll(admin, streamKeys("events", GROUP), GROUP);
  expect(new Set(await admin.zrange(RETRY, "0", "-1"))).toEqual(new Set(left));
  expect(new Set(await admin.hkeys(ERRORS))).toEqual(new Set(left));
  expect(new Set(await admin.hkeys(HELD))).toEqual(new Set(ids.slice(700, 1000)));
  // Without its name nothing of the rest is lost, and nothing of what was acknowledged comes back.
  await admin.xgroup("DELCONSUMER", "events", GROUP, "parked");
  await sweepAll(admin, streamKeys("events", GROUP), GROUP);
  const [pending] = (await admin.xpending("events", GROUP)) as [number];
  expect(pending).toBe(left.length);
});

it("a group that was destroyed and stays away for longer than messages are kept leaves nothing behind", async () => {
  const messaging = createService(redis);
  await parkedBy(messaging, 2);
  await messaging.close();
  await admin.xgroup("DESTROY", "events", GROUP);
  await admin.hset(HELD, "1-1", "user.created");
  await admin.hset(`{events}:paused:${GROUP}`, "group", "0 1 {}");
  await trimTo(1, { maxAgeMs: 1000 });
  expect(await admin.keys(`*${GROUP}`)).not.toEqual([]);
  // It was last served long ago, by a join and by a heartbeat.
  await admin.zadd("{events}:groups", 1, GROUP);
  await admin.hset(`{events}:floor:${GROUP}`, "served", 1);
  await trimTo(1, { maxAgeMs: 1000 });
  expect((await admin.keys(`*${GROUP}`)).filter((key) => !key.includes(":redrive:"))).toEqual([]);
  expect(await admin.zcard("{events}:groups")).toBe(0);
});

it("a group that was lost and came back stays away as long as ever when it is lost again", async () => {
  await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
  await fillEvents(admin, 1);
  await trimTo(10);
  const { stream, floor, groups, retry, errors, handover, marks, retention, held } = streamKeys("events", "g");
  const keys = [stream, floor, groups, retry, errors, handover, marks, retention, held];
  const join = (): Promise<string | number | null> => ensureGroup.run(admin, keys, ["g", "0", 60_000]);
  await admin.xgroup("DESTROY", "events", "g");
  expect(await join()).toBeTypeOf("number");
  expect(await admin.hexists(floor, "missing")).toBe(1);

  await admin.xgroup("CREATE", "events", "g", "0");
  expect(await join()).toBeNull();
  expect(await admin.hexists(floor, "missing")).toBe(0);
});

it("what others remove is missed by a group that has not read it, and not by one that begins just behind it", async () => {
  for (const id of ["1-1", "1-2", "1-3"]) await admin.xadd("events", id, "name", "value");
  await admin.xgroup("CREATE", "events", "g", "1-1");
  const trimNone = (): Promise<unknown> => trimTo(10, { maxAgeMs: 1e13 });
  await trimNone();
  await admin.xdel("events", "1-1");
  expect(await trimNone()).not.toHaveProperty("missed");
  await admin.xdel("events", "1-2");
  expect(await trimNone()).toMatchObject({ missed: [{ group: "g", count: 1 }] });
});

it("each key of ours that is deleted while messages flow costs no message, and comes back or is not needed", async () => {
  const handled = new Set<number>();
  const member = async (): Promise<Messaging> => {
    const messaging = createService(redis, { retryDelaySeconds: 0.02, trimIntervalSeconds: 0.05, streamMaxLength: 5 });
    onUserCreated(messaging, ({ entity_id }, { attempt }) => {
      if (attempt === 1 && entity_id % 2 === 0) throw new Error("not yet");
      handled.add(entity_id);
    });
    await messaging.start();
    return messaging;
  };
  await using first = await member();
  await using _second = await member();
  let published = 0;
  const publish = (): Promise<unknown> =>
    Promise.all(
      Array.from({ length: 6 }, () => {
        const once = { id: crypto.randomUUID(), once: true };
        return publishUserCreated(first, { ...MESSAGE, entity_id: ++published }, once);
      }),
    );
  const deleted = new Set<string>();
  const kinds = ["retry", "errors", "alive", "types", "handover", "floor", "groups", "marks", "retention", "trimming"];
  await eventually(
    async () => {
      await publish();
      for (const key of await admin.keys("{events}:*")) {
        const kind = kinds.find((each) => key.startsWith(`{events}:${each}`) || key.endsWith(`${GROUP}:${each}`));
        if (kind === undefined) continue;
        await publish();
        if ((await admin.del(key)) === 1) deleted.add(kind);
      }
      return deleted.size >= kinds.length - 1;
    },
    Boolean,
    PATIENT,
  );
  // One that joins looks for what lost its due time. Others do so every half minute.
  await using _third = await member();
  await eventually(() => handled.size === published, Boolean, PATIENT);
  await eventually(async () => (await admin.xpending("events", GROUP))[0] === 0);
  expect(first.counts.deadLettered).toBe(0);
}, 60_000);
