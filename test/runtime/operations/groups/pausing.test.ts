import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type Messaging,
  onUserCreated,
  onUserUpdated,
  publishUserCreated,
  publishUserUpdated,
  userCreated,
} from "../../../../generated/index.js";
import { examine, Operations } from "../../../../runtime/operations/index.js";
import { redriveKeys, streamKeys } from "../../../../runtime/redis/keys.js";
import { setAside } from "../../../../runtime/redis/lua/pause.js";
import { release } from "../../../../runtime/redis/lua/retry.js";
import { callForRetries } from "../../../../runtime/redis/lua/retry-call.js";
import { all } from "../../../conformance/cast.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
const KEYS = streamKeys("events", "billing-workers");
const BILLING = ["events", "billing-workers"] as const;
const SETTINGS = { service: "billing", retryDelaySeconds: 60, leaseSeconds: 5 };
let operations: Operations;

beforeEach(async () => {
  await admin.flushall();
  operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada", leaseSeconds: 5 });
});
afterEach(() => operations.close());

function publish(messaging: Messaging, ids: readonly number[]): Promise<unknown> {
  return messaging.publishAll(
    userCreated,
    ids.map((id) => ({ entity_id: id, after_data: { email: `${id}@example.com` } })),
  );
}

it("a member that has no room learns all the same that its group is paused, and asks no more often than once a second", async () => {
  await using billing = createService(redis, { ...SETTINGS, concurrency: 1 });
  const begun: unknown[] = [];
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  onUserCreated(billing, ({ entity_id }, { attempt }) => {
    begun.push([Number(entity_id), attempt]);
    if (entity_id === 9 && attempt === 1) throw new Error("not yet");
    return entity_id === 9 ? undefined : finished;
  });
  await billing.start();
  const holds = (count: number): Promise<unknown> =>
    eventually(async () => {
      const pending = (await admin.xpending("events", "billing-workers", "-", "+", 10)) as [string, string][];
      return pending.length === 3 && pending.filter(([, owner]) => owner !== "parked").length === count;
    });
  await publish(billing, [9, 1, 2, 3, 4]);
  // Two fill its room, and there is a place for a retry beyond it.
  await holds(2);
  await operations.groups.retryNow(...BILLING);
  await holds(3);
  await admin.config("RESETSTAT");
  await operations.groups.pause(...BILLING);
  await eventually(() => billing.counts.paused === 1);
  finish();
  await eventually(() => billing.counts.handled === 1);
  await sleep(50);
  expect(begun).toEqual([
    [9, 1],
    [1, 1],
  ]);
  const asked = /cmdstat_hgetall:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1];
  // Both of its consumers, the operator, and what was under way.
  expect(Number(asked)).toBeLessThanOrEqual(12);
  await operations.groups.resume(...BILLING);
  await eventually(() => begun.length === 6);
});

it("lists what is paused, and who heeds it; a member of an older version is seen to ignore it", async () => {
  await using billing = createService(redis, SETTINGS);
  onUserCreated(billing, () => {});
  onUserUpdated(billing, () => {});
  await billing.start();
  const { advice, until, by } = await operations.groups.pause(...BILLING, {
    type: "user.creatd",
    until: new Date(Date.now() + 60_000),
    why: "a test\u001b[31m",
  });
  expect(advice).toEqual([
    "no member of billing-workers handles user.creatd now; did you mean user.created?; its entries wait all the same",
  ]);
  expect([by, typeof until]).toEqual(["ada", "string"]);
  await operations.groups.pause(...BILLING);
  // It beats, and never asks what is paused.
  await admin.zadd(KEYS.alive, Date.now(), "billing-1-0000abcd");
  const listed = await eventually(
    () => operations.groups.paused(),
    ([found]) => found?.heeding.length === 1,
  );
  expect(listed).toMatchObject([
    {
      stream: "events",
      group: "billing-workers",
      pauses: [
        { type: undefined, until: undefined },
        { type: "user.creatd", until },
      ],
      held: 0,
      ignoring: ["billing-1-0000abcd"],
    },
  ]);
  const found = await all(examine({ redis: { url: redis.url }, env: {}, service: "doctor", leaseSeconds: 5 }));
  expect(found.find(({ check }) => check === "stream events")).toMatchObject({
    verdict: "notable",
    text: expect.stringMatching(/billing-workers on events is paused by ada .*merp resume events billing-workers/),
  });
  const { resumed, paused } = await operations.groups.resume(...BILLING, { type: "user.creatd" });
  expect(resumed).toMatchObject([{ type: "user.creatd" }]);
  expect(paused).toMatchObject([{ type: undefined }]);
  await operations.groups.resume(...BILLING);
  expect(await operations.groups.paused("events")).toEqual([]);
  expect(await admin.exists(KEYS.paused)).toBe(0);
});

it("a pause ends by itself: its key expires with the last one, and not before it", async () => {
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  const ttl = (): Promise<number> => admin.pttl(KEYS.paused);
  await operations.groups.pause(...BILLING, { forSeconds: 1000 });
  await operations.groups.pause(...BILLING, { type: "user.created", forSeconds: 10 });
  expect(await ttl()).toBeGreaterThan(900_000);
  await operations.groups.pause(...BILLING, { type: "user.created" });
  expect(await ttl()).toBe(-1);
  await operations.groups.resume(...BILLING, { type: "user.created" });
  await operations.groups.pause(...BILLING, { forSeconds: 0.05 });
  await eventually(async () => (await admin.exists(KEYS.paused)) === 0);
});

it("what was set aside is found by a member if whoever resumed the type died before it said so", async () => {
  await using billing = createService(redis, SETTINGS);
  const handled: unknown[] = [];
  onUserCreated(billing, ({ entity_id }, { attempt }) => void handled.push([entity_id, attempt]));
  await billing.start();
  await operations.groups.pause(...BILLING, { type: "user.created" });
  await eventually(() => billing.counts.paused === 1);
  await publish(billing, [1, 2]);
  await eventually(async () => (await admin.hlen(KEYS.held)) === 2);
  await billing.close();
  await admin.del(KEYS.paused);
  await using next = createService(redis, SETTINGS);
  onUserCreated(next, ({ entity_id }, { attempt }) => void handled.push([entity_id, attempt]));
  await next.start();
  await eventually(() => handled.length === 2);
  expect(handled).toEqual([
    [1, 1],
    [2, 1],
  ]);
  expect(await admin.exists(KEYS.held)).toBe(0);
});

it("entries of a paused type that are due are looked at once an hour, and keep nothing else from being released", async () => {
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  for (const id of ["1-1", "2-1", "3-1"]) await admin.xadd("events", id, "event_type", "user.created");
  await admin.xreadgroup("GROUP", "billing-workers", "parked", "STREAMS", "events", ">");
  await admin.zadd(KEYS.retry, 1, "1-1", 2, "2-1", 3, "3-1");
  await admin.hset(KEYS.held, "1-1", "user.created", "2-1", "user.created");
  await admin.hset(KEYS.paused, "type:user.created", "0 1 {}");
  const { stream, retry, errors, types, handover, held, paused } = KEYS;
  const take = async (): Promise<readonly string[]> => {
    const keys = [stream, retry, errors, types, handover, held, paused];
    const [released] = await release.run(admin, keys, ["billing-workers", "me", 2, 1e6, 1e6, 0]);
    return released.map(([id]) => id);
  };
  expect([await take(), await take(), await take()]).toEqual([[], ["3-1"], []]);
  await admin.zadd(KEYS.retry, 1, "2-1");
  await admin.hset(KEYS.paused, "group", "0 1 {}");
  await admin.hdel(KEYS.held, "2-1");
  expect(await take()).toEqual([]);
  const due = await admin.zscore(KEYS.retry, "1-1");
  expect(Math.round((Number(due) - Date.now()) / 60_000)).toBe(60);
});

it("what others took or settled meanwhile is not set aside; what Redis forgot with the member's name is", async () => {
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  for (const id of ["1-1", "2-1", "3-1"]) await admin.xadd("events", id, "event_type", "user.created");
  await admin.xreadgroup("GROUP", "billing-workers", "other", "COUNT", 1, "STREAMS", "events", ">");
  await admin.xreadgroup("GROUP", "billing-workers", "me", "STREAMS", "events", ">");
  await admin.xgroup("DELCONSUMER", "events", "billing-workers", "me");
  await admin.hset(KEYS.paused, "type:user.created", "0 1 {}");
  const { stream, retry, errors, held, paused } = KEYS;
  // Of the second it is not certain that nobody else had it.
  const entries = ["1-1", "user.created", "kept", "2-1", "user.created", "", "3-1", "user.created", "kept"];
  expect(await setAside.run(admin, [stream, retry, errors, held, paused], ["billing-workers", "me", ...entries])).toBe(
    1,
  );
  const pending = (await admin.xpending("events", "billing-workers", "-", "+", 10)) as [
    string,
    string,
    number,
    number,
  ][];
  expect(pending.map(([id, owner, , count]) => [id, owner, count])).toEqual([
    ["1-1", "other", 1],
    ["3-1", "parked", 0],
  ]);
  expect(await admin.hgetall(KEYS.held)).toEqual({ "3-1": "user.created" });
});

it("makes due what is parked, in pages, and what was redriven, but nothing of a type that is paused", async () => {
  const redriven = redriveKeys(KEYS, "billing-workers");
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  const ids = Array.from({ length: 1200 }, (_, at) => `${at + 1}-1`);
  for (const { stream, retry } of [KEYS, redriven]) {
    await admin.xgroup("CREATE", stream, "billing-workers", "0", "MKSTREAM");
    const adding = admin.pipeline();
    for (const id of ids) adding.xadd(stream, id, "event_type", id.endsWith("0-1") ? "user.updated" : "user.created");
    await adding.exec();
    await admin.xreadgroup("GROUP", "billing-workers", "parked", "STREAMS", stream, ">");
    await admin.zadd(retry, ...ids.flatMap((id) => [Date.now() + 1e6, id]));
  }
  await admin.hset(KEYS.held, "1-1", "user.created");
  await operations.groups.pause(...BILLING, { type: "user.created" });
  expect(await operations.groups.retryNow(...BILLING, { type: "user.updated" })).toBe(240);
  expect(await operations.groups.retryNow(...BILLING, { id: "1-1" })).toBe(1);
  expect(await operations.groups.retryNow(...BILLING)).toBe(2400 - 240 - 2);
  expect(await operations.groups.retryNow(...BILLING)).toBe(0);
  expect(await admin.zcount(KEYS.retry, "-inf", 0)).toBe(1199);
  expect(await admin.zrange(KEYS.retry, "0", "2")).toEqual(["2-1", "3-1", "4-1"]);
  const counts = (await admin.xpending("events", "billing-workers", "-", "+", 2000)) as [
    string,
    string,
    number,
    number,
  ][];
  expect(new Set(counts.map(([, owner, , count]) => `${owner} ${count}`))).toEqual(new Set(["parked 1"]));
  await expect(operations.groups.retryNow(...BILLING, { id: "seven" })).rejects.toMatchObject({
    message: 'id must be that of an entry (1700000000000-0), got "seven"',
  });
});

it.each([
  ["all", {}, [1, 2, 3]],
  ["those of a type", { type: "user.created" }, [1, 2]],
])("has %s that waits in a member for an order tried at once, before what follows it", async (_, options, expected) => {
  await using billing = createService(redis, { ...SETTINGS, order: "entity" });
  const handled: (readonly [type: string, entity: unknown, attempt: number])[] = [];
  const failing =
    (type: string) =>
    ({ entity_id }: { readonly entity_id?: unknown }, { attempt }: { readonly attempt: number }): void => {
      handled.push([type, Number(entity_id), attempt]);
      if (attempt === 1 && type !== "followed") throw new Error("fails once");
    };
  onUserCreated(billing, ({ entity_id, after_data }, context) =>
    failing(after_data.email === "later@example.com" ? "followed" : "created")({ entity_id }, context),
  );
  onUserUpdated(billing, failing("updated"));
  await billing.start();
  await publish(billing, [1, 2]);
  await publishUserUpdated(billing, { entity_id: 3, after_data: { email: "new@example.com" } });
  await publishUserCreated(billing, { entity_id: 1, after_data: { email: "later@example.com" } });
  await eventually(() => billing.counts.retried === 3);
  await eventually(
    () => admin.hlen(KEYS.errors),
    (count) => count === 3,
  );
  expect(await operations.groups.retryNow(...BILLING, { id: "1-1" })).toBe(0);
  expect(await operations.groups.retryNow(...BILLING, options)).toBe(expected.length);
  await eventually(() => handled.length === 3 + expected.length + 1);
  expect(handled.filter(([, entity]) => entity === 1)).toEqual([
    ["created", 1, 1],
    ["created", 1, 2],
    ["followed", 1, 1],
  ]);
  expect(handled.filter(([, , attempt]) => attempt === 2).map(([, entity]) => entity)).toEqual(expected);
  // Nobody calls twice.
  expect(await operations.groups.retryNow(...BILLING, { type: "user.created" })).toBe(0);
  expect(await admin.pttl(KEYS.paused)).toBeGreaterThan(0);
});

it("has one entry alone tried at once that waits in a member, and none of a type that is paused", async () => {
  await using billing = createService(redis, { ...SETTINGS, order: "entity" });
  const again: unknown[] = [];
  const fail = (id: unknown, attempt: number): void => {
    if (attempt > 1) again.push(Number(id));
    throw new Error("fails always");
  };
  onUserCreated(billing, ({ entity_id }, { attempt }) => fail(entity_id, attempt));
  onUserUpdated(billing, ({ entity_id }, { attempt }) => fail(entity_id, attempt));
  await billing.start();
  await publish(billing, [1, 2]);
  await publishUserUpdated(billing, { entity_id: 3, after_data: { email: "new@example.com" } });
  await eventually(
    () => admin.hlen(KEYS.errors),
    (count) => count === 3,
  );
  const [, [second] = [""]] = await admin.xrange("events", "-", "+");
  expect(await operations.groups.retryNow(...BILLING, { id: second })).toBe(1);
  await eventually(() => again.length === 1);
  await eventually(() => billing.counts.retried === 4);
  await operations.groups.pause(...BILLING, { type: "user.created" });
  expect(await operations.groups.retryNow(...BILLING)).toBe(1);
  await eventually(() => again.length === 2);
  await eventually(() => billing.counts.retried === 5);
  expect(again).toEqual([2, 3]);
});

it("counts what waits in members, of the stream and of what was redriven, in pages, and calls for all of it once", async () => {
  const redriven = redriveKeys(KEYS, "billing-workers");
  const ids = Array.from({ length: 600 }, (_, at) => `${at + 1}-1`);
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  for (const { stream } of [KEYS, redriven]) {
    await admin.xgroup("CREATE", stream, "billing-workers", "0", "MKSTREAM");
    const adding = admin.pipeline();
    for (const id of ids) adding.xadd(stream, id, "event_type", "user.created");
    await adding.exec();
    await admin.xreadgroup("GROUP", "billing-workers", "one", "STREAMS", stream, ">");
    await admin.xclaim(stream, "billing-workers", "one", 0, ...ids.slice(50), "RETRYCOUNT", 0, "JUSTID");
  }
  await admin.hset(KEYS.errors, "1-1", "{}");
  await admin.config("RESETSTAT");
  expect(await operations.groups.retryNow(...BILLING)).toBe(550 + 550 + 1);
  expect(/cmdstat_hset:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1]).toBe("1");
  await admin.xgroup("DESTROY", redriven.stream, "billing-workers");
  expect(await operations.groups.retryNow(...BILLING)).toBe(550 + 1);
});

it("a member hears a call beside many others", async () => {
  await using billing = createService(redis, { ...SETTINGS, order: "entity" });
  const again: number[] = [];
  onUserCreated(billing, ({ entity_id }, { attempt }) => {
    if (attempt === 1) throw new Error("fails once");
    again.push(Number(entity_id));
  });
  await billing.start();
  await publish(billing, [1, 2]);
  await eventually(() => billing.counts.retried === 2);
  const [[id]] = (await admin.xrange("events", "-", "+", "COUNT", 1)) as [[string, string[]]];
  const calls = Array.from({ length: 120 }, (_, at) => [`now:id:${at + 1}-1`, Date.now()]);
  await admin.hset(KEYS.paused, ...calls.flat());
  expect(await operations.groups.retryNow(...BILLING, { id })).toBe(1);
  await eventually(() => billing.counts.handled === 1);
  expect(again).toEqual([1]);
});

it("a member is told of all calls of the last minute, in their order and once, at one look after the other", async () => {
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  const { stream, retry, errors, types, handover, held, paused } = KEYS;
  await admin.hset(paused, "now:id:7-1", Date.now() - 120_000, "now:id:8-1", Date.now() + 3_600_000);
  const names = Array.from({ length: 1100 }, (_, at) => `now:id:${at + 1000}-1`);
  for (const name of names) await callForRetries.run(admin, [paused], [name]);
  await callForRetries.run(admin, [paused], [names[0] as string]);
  const told: (string | undefined)[] = [];
  for (let heard = 0, looks = 0; looks < 10; looks++) {
    const keys = [stream, retry, errors, types, handover, held, paused];
    const reply = await release.run(admin, keys, ["billing-workers", "me", 2, 1e6, 1e6, heard]);
    const calls = reply[5];
    if (calls.length === 0) break;
    told.push(...calls.filter((_, at) => at % 2 === 0));
    heard = Number(calls.at(-1));
  }
  expect(told).toEqual([...names.slice(1), names[0]]);
});

it("keeps a call for retries while what is paused is resumed", async () => {
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  await admin.xadd("events", "1-1", "event_type", "user.created");
  await admin.xreadgroup("GROUP", "billing-workers", "one", "STREAMS", "events", ">");
  await admin.hset(KEYS.errors, "1-1", "{}");
  await operations.groups.pause(...BILLING);
  expect(await operations.groups.retryNow(...BILLING)).toBe(1);
  await operations.groups.resume(...BILLING);
  expect(await admin.hkeys(KEYS.paused)).toEqual(["now:"]);
  expect(await admin.pttl(KEYS.paused)).toBeGreaterThan(0);
  await operations.groups.pause(...BILLING, { forSeconds: 1 });
  expect(await admin.pttl(KEYS.paused)).toBeGreaterThan(1000);
});

it.each<[string, () => Promise<unknown>, RegExp]>([
  [
    "a stream that is not there",
    () => operations.groups.pause("evnets", "billing-workers"),
    /no stream evnets; did you mean events\?/,
  ],
  [
    "a group that is not there",
    () => operations.groups.resume("events", "biling-workers"),
    /no group biling-workers of events; did you mean billing-workers\?; it has billing-workers, other/,
  ],
  [
    "a key of another type",
    () => operations.groups.retryNow("text", "billing-workers"),
    /the key text holds a string, not a stream/,
  ],
  [
    "a stream that is none of ours",
    () => operations.groups.pause("foreign", "theirs"),
    /theirs of foreign would heed nothing of this: the stream is none of this package/,
  ],
  [
    "a group of others",
    () => operations.groups.pause("events", "other"),
    /other of events would heed nothing of this: no service of this package serves it/,
  ],
  ["a stream with braces", () => operations.groups.pause("{events}", "billing-workers"), /name no group/],
  ["a group without a name", () => operations.groups.retire("events", ""), /name no group/],
])("names %s", async (_, call, text) => {
  await admin.set("text", "1");
  await admin.xgroup("CREATE", "events", "billing-workers", "0", "MKSTREAM");
  await admin.xgroup("CREATE", "events", "other", "0");
  await admin.xgroup("CREATE", "foreign", "theirs", "0", "MKSTREAM");
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  await expect(call()).rejects.toMatchObject({ code: "GROUP_MISSING", message: expect.stringMatching(text) });
  expect(await admin.keys("*paused*")).toEqual([]);
});

it.each<[object, RegExp]>([
  [{ until: new Date(0) }, /until must be a time to come by Redis' clock/],
  [{ until: new Date(Number.NaN) }, /until must be a Date/],
  [{ forSeconds: -1 }, /forSeconds must be a number of seconds above 0/],
  [{ forSeconds: 1, until: new Date(1e13) }, /either until or forSeconds/],
  [{ type: "" }, /type must be a text of 1 to 500 characters/],
  [{ why: "x".repeat(501) }, /why must be a text/],
  [{ typ: "user.created" }, /the option typ does not exist; did you mean type\?/],
])("refuses to pause with %o", async (options, text) => {
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  await expect(operations.groups.pause(...BILLING, options)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(text),
  });
  expect(await admin.exists(KEYS.paused)).toBe(0);
});

it("names the right that a user lacks who may only read, and the key of another type", async () => {
  await admin.zadd(KEYS.groups, 1, "billing-workers");
  await admin.acl(
    "SETUSER",
    "viewer",
    "on",
    ">right",
    "~*",
    "+@read",
    "+@connection",
    "+time",
    "+info",
    "+evalsha",
    "+eval",
  );
  await using viewer = new Operations({ redis: { url: redis.url.replace("//", "//viewer:right@") }, env: {} });
  const refused = {
    code: "REDIS_REFUSED",
    message: expect.stringMatching(/NOPERM no right to HSET.*Check the rights/),
  };
  await expect(viewer.groups.pause(...BILLING)).rejects.toMatchObject(refused);
  await admin.set(KEYS.paused, "in the way");
  await expect(operations.groups.pause(...BILLING)).rejects.toMatchObject({
    message: expect.stringMatching(/WRONGTYPE no hash: \{events\}:paused:billing-workers/),
  });
});
