import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { onUserCreated, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { ConnectionError } from "../../../runtime/errors.js";
import { PARKED, streamKeys } from "../../../runtime/redis/keys.js";
import { RedisMembership } from "../../../runtime/redis/redis-membership.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const group = "test-service-workers";
/** The name of a member of this package. */
const died = "test-service-1-0123abcd";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** The ids of all entries, in their order. */
async function all(): Promise<string[]> {
  return (await admin.xrange("events", "-", "+")).map(([id]) => id);
}

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
  expect(handled).toEqual(await all());
});

const aboutOneEntity = contractOf(userCreated).write({ ...exampleUserCreated({ entity_id: 1 }) }, "fields");

it("what several dead members hold, and what another one gave back, begins in its order, whoever had which part", async () => {
  for (let n = 0; n < 12; n++) await admin.xadd("events", "*", ...aboutOneEntity);
  await admin.xgroup("CREATE", "events", group, "0");
  const keys = streamKeys("events", group);
  // The one that died first holds what is in the middle, since the next one had begun to take it over.
  for (const name of ["second", "first", "third"]) {
    await admin.xreadgroup("GROUP", group, name, "COUNT", 3, "STREAMS", "events", ">");
  }
  await admin.zadd(keys.alive, 1, "first", 2, "second");
  const returned = (await admin.xpending("events", group, "-", "+", 10, "third")) as [string][];
  for (const [at, [id]] of returned.entries()) {
    await admin.xclaim("events", group, PARKED, 0, id, "JUSTID");
    await admin.zadd(keys.retry, 1 + at, id);
  }
  await using messaging = createService(redis, { order: "entity", leaseSeconds: 0.5, concurrency: 1 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();

  await eventually(() => handled.length === 12);
  expect(handled).toEqual(await all());
});

it("what was given back begins before anything newer, also if the first looks for it are refused since the slot is moving", async () => {
  for (let n = 0; n < 6; n++) await admin.xadd("events", "*", ...aboutOneEntity);
  await admin.xgroup("CREATE", "events", group, "0");
  const left = await admin.xreadgroup("GROUP", group, PARKED, "COUNT", 3, "STREAMS", "events", ">");
  const [[, returned] = ["", []]] = left as [string, [string, string[]][]][];
  for (const [at, [id]] of returned.entries()) await admin.zadd(streamKeys("events", group).retry, 1 + at, id);
  const { release } = RedisMembership.prototype;
  let refusals = 0;
  const moving = vi.spyOn(RedisMembership.prototype, "release").mockImplementation(async function (
    this: RedisMembership,
    ...given
  ) {
    if (++refusals > 2) return release.call(this, ...given);
    throw new ConnectionError("REDIS_UNAVAILABLE", "TRYAGAIN Multiple keys request during rehashing of slot");
  });
  onTestFinished(() => moving.mockRestore());
  await using messaging = createService(redis, { order: "entity" });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();

  await eventually(() => handled.length === 6);
  expect(handled).toEqual(await all());
});

it("what was given back begins before anything newer, also if the group is paused just as a member starts", async () => {
  for (let n = 0; n < 6; n++) await admin.xadd("events", "*", ...aboutOneEntity);
  await admin.xgroup("CREATE", "events", group, "0");
  const keys = streamKeys("events", group);
  const left = await admin.xreadgroup("GROUP", group, PARKED, "COUNT", 3, "STREAMS", "events", ">");
  const [[, returned] = ["", []]] = left as [string, [string, string[]][]][];
  for (const [at, [id]] of returned.entries()) await admin.zadd(keys.retry, 1 + at, id);
  const takeStrays = RedisMembership.prototype.takeStrays;
  const paused = vi.spyOn(RedisMembership.prototype, "takeStrays").mockImplementationOnce(async function (
    this: RedisMembership,
    ...given
  ) {
    await admin.hset(keys.paused, "group", "0 1 {}");
    return takeStrays.apply(this, given);
  });
  const { release } = RedisMembership.prototype;
  // The look that comes once a second learns of the pause later than the reader does.
  const late = vi.spyOn(RedisMembership.prototype, "release").mockImplementation(async function (
    this: RedisMembership,
    ...given
  ) {
    if (given[0] < 500) await sleep(300);
    return release.call(this, ...given);
  });
  onTestFinished(() => {
    paused.mockRestore();
    late.mockRestore();
  });
  await using messaging = createService(redis, { order: "entity" });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();
  await eventually(
    () => admin.hlen(keys.paused),
    (fields) => fields === 2,
  );
  await admin.del(keys.paused);

  await eventually(() => handled.length === 6);
  expect(handled).toEqual(await all());
});

it("what was given back begins before what was taken over while the group was paused", async () => {
  for (let n = 0; n < 9; n++) await admin.xadd("events", "*", ...aboutOneEntity);
  await admin.xgroup("CREATE", "events", group, "0");
  const keys = streamKeys("events", group);
  // As if a member had been closed in the middle of taking over what another one held: it gave back the older part.
  const left = await admin.xreadgroup("GROUP", group, PARKED, "COUNT", 6, "STREAMS", "events", ">");
  const [[, returned] = ["", []]] = left as [string, [string, string[]][]][];
  for (const [at, [id]] of returned.entries()) await admin.zadd(keys.retry, 1 + at, id);
  await admin.xreadgroup("GROUP", group, died, "COUNT", 3, "STREAMS", "events", ">");
  await admin.zadd(keys.alive, 1, died);
  await admin.hset(keys.paused, "group", "0 1 {}");
  // It takes back a few at a time.
  await using messaging = createService(redis, { order: "entity", leaseSeconds: 0.5, concurrency: 1 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();
  const names = async (): Promise<unknown[]> => (await admin.xinfo("CONSUMERS", "events", group)) as unknown[];
  await eventually(async () => (await names()).length === 2);
  await admin.del(keys.paused);

  await eventually(() => handled.length === 9);
  expect(handled).toEqual(await all());
});

it("what was taken over in a reply that was lost is looked for before anything newer begins", async () => {
  for (let n = 0; n < 6; n++) await admin.xadd("events", "*", ...aboutOneEntity);
  await admin.xgroup("CREATE", "events", group, "0");
  await admin.xreadgroup("GROUP", group, "dead", "COUNT", 3, "STREAMS", "events", ">");
  await admin.zadd(streamKeys("events", group).alive, 1, "dead");
  await using proxy = await startTcpProxy(redis);
  const takeOver = RedisMembership.prototype.takeOver;
  const names = async (): Promise<unknown[]> =>
    ((await admin.xinfo("CONSUMERS", "events", group)) as unknown[][]).flat();
  const lost = vi.spyOn(RedisMembership.prototype, "takeOver").mockImplementationOnce(async function (
    this: RedisMembership,
    ...given
  ) {
    proxy.mode = "mute";
    const taking = takeOver.apply(this, given);
    taking.catch(() => {});
    await eventually(async () => !(await names()).includes("dead"));
    proxy.mode = "pass";
    proxy.reset();
    return taking;
  });
  onTestFinished(() => lost.mockRestore());
  await using messaging = createService(proxy, { order: "entity", leaseSeconds: 0.5 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();

  await eventually(() => handled.length === 6);
  expect(handled).toEqual(await all());
});

it("what Redis gives to a read of a member that died comes first with an order, if Redis does not know of its end", async () => {
  await admin.xgroup("CREATE", "events", group, "0", "MKSTREAM");
  await admin.zadd(streamKeys("events", group).alive, 1, died);
  const ghost = new Redis(redis.url);
  onTestFinished(() => ghost.disconnect());
  const reading = ghost.xreadgroup("GROUP", group, died, "COUNT", 1, "BLOCK", 900, "STREAMS", "events", ">");
  await eventually(async () => String(await admin.client("LIST")).includes("cmd=xreadgroup"));
  await using messaging = createService(redis, { order: "entity", leaseSeconds: 0.5, blockTimeMs: 1000 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();
  await sleep(100);
  for (let n = 0; n < 3; n++) await admin.xadd("events", "*", ...aboutOneEntity);
  expect(await reading).not.toBeNull();

  await eventually(() => handled.length === 3);
  expect(handled).toEqual(await all());
});

it("what Redis gives to a read whose link was lost comes before what is read next, if Redis does not know of that", async () => {
  await using proxy = await startTcpProxy(redis);
  await using messaging = createService(proxy, { order: "entity", blockTimeMs: 1500 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();
  const reads = async (): Promise<number> => String(await admin.client("LIST")).split("cmd=xreadgroup").length - 1;
  await eventually(reads, (count) => count === 1);
  proxy.forsake();
  // Its next read would wait behind the lost one, which is given the first entry.
  await eventually(reads, (count) => count === 2, { withinMs: 500 }).catch(() => {});
  for (let n = 0; n < 3; n++) await admin.xadd("events", "*", ...aboutOneEntity);

  await eventually(() => handled.length === 3);
  expect(handled).toEqual(await all());
});

it.each<[string, (server: RedisServer, client: Redis) => Promise<unknown>]>([
  // As it loads its file, Redis takes each consumer to have asked for something just then.
  ["Redis is started again", (server) => server.restart()],
  ["the heartbeats are deleted", (_, client) => client.del(streamKeys("events", group).alive)],
])("a member that died comes first with an order, also if %s while it is judged", async (_, happen) => {
  await using server = await startRedis({ persistent: true });
  const client = new Redis(server.url);
  onTestFinished(() => client.disconnect());
  for (let n = 0; n < 6; n++) await client.xadd("events", "*", ...aboutOneEntity);
  await client.xgroup("CREATE", "events", group, "0");
  await client.xreadgroup("GROUP", group, died, "COUNT", 3, "STREAMS", "events", ">");
  await client.zadd(streamKeys("events", group).alive, 1, died);
  await using messaging = createService(server, { order: "entity", leaseSeconds: 1 });
  const handled: (string | undefined)[] = [];
  onUserCreated(messaging, (_event, { entryId }) => void handled.push(entryId));
  await messaging.start();
  await sleep(100);
  await happen(server, client);

  await eventually(() => handled.length === 6);
  expect(handled).toEqual((await client.xrange("events", "-", "+")).map(([id]) => id));
});
