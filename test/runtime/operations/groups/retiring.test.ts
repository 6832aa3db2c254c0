import { afterEach, beforeEach, expect, it } from "vitest";
import { type Messaging, onUserCreated, publishUserCreated, userCreated } from "../../../../generated/index.js";
import { readConfig } from "../../../../runtime/config/config.js";
import { Groups } from "../../../../runtime/operations/groups/groups.js";
import { Operations } from "../../../../runtime/operations/index.js";
import type { Routes } from "../../../../runtime/operations/routes.js";
import type { Client } from "../../../../runtime/redis/connection.js";
import { redriveKeys, streamKeys } from "../../../../runtime/redis/keys.js";
import { all } from "../../../conformance/cast.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
const GROUP = "billing-workers";
const BILLING = ["events", GROUP] as const;
const KEYS = streamKeys("events", GROUP);
const LEASE = { leaseSeconds: 0.5 };
const everything = { force: true, deadLetters: "discard" } as const;
let operations: Operations;

beforeEach(async () => {
  await admin.flushall();
  operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada", ...LEASE });
});
afterEach(() => operations.close());

async function publish(messaging: Messaging, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, at) => ({
    entity_id: at + 1,
    after_data: { email: "a@b.example" },
  }));
  await messaging.publishAll(userCreated, messages);
}

/** A group of a service that is gone, with all that a group may leave behind: of ten messages it has handled none. */
async function leaveGroup(): Promise<void> {
  const billing = createService(redis, { ...LEASE, service: "billing", maxRetries: 0, concurrency: 2 });
  onUserCreated(billing, () => {
    throw new Error("never");
  });
  await billing.start();
  await publish(billing, 3);
  await eventually(() => billing.counts.deadLettered === 3);
  await billing.close();
  const [letter] = await all(operations.deadLetters.list("events"));
  await operations.deadLetters.redrive("events", letter?.id ?? "");
  await operations.groups.pause(...BILLING);
  const web = createService(redis, { service: "web" });
  await publish(web, 7);
  await web.close();
  await admin.xreadgroup("GROUP", GROUP, "billing-1-0000abcd", "COUNT", 2, "STREAMS", "events", ">");
  const [[first], [second]] = (await admin.xpending("events", GROUP, "-", "+", 2)) as [[string], [string]];
  await admin.xclaim("events", GROUP, "parked", 0, first, second, "JUSTID");
  await admin.zadd(KEYS.retry, Date.now() + 1e6, first);
  await admin.hset(KEYS.errors, first, "{}");
  await admin.hset(KEYS.held, second, "user.created");
  await admin.zadd(KEYS.handover, 0, "left");
  await admin.hset(KEYS.types, "version", "v1");
  await admin.hset(redriveKeys(KEYS, GROUP).errors, "1-1", "{}");
  await admin.xgroup("DELCONSUMER", "events", GROUP, "billing-1-0000abcd");
  await eventually(async () => Number(await admin.hget(KEYS.floor, "served")) < Date.now());
}

/** What belongs to the group, but for its dead letters. */
async function remains(): Promise<readonly string[]> {
  const keys = (await admin.keys(`*${GROUP}*`)).sort();
  const groups = await admin.xinfo("GROUPS", "events");
  return [
    ...keys,
    ...(await admin.zrange(KEYS.groups, "0", "-1")),
    ...(groups as unknown[][]).map(([, name]) => `${name}`),
  ];
}

it("removes a group with all that belongs to it, and its stream is trimmed without it", async () => {
  await leaveGroup();
  const plan = await operations.groups.retirePlan(...BILLING);
  expect(plan).toMatchObject({
    exists: true,
    alive: [],
    unread: 5,
    pending: 2,
    parked: 1,
    redriven: 1,
    openDeadLetters: 2,
  });
  expect(plan.hindrances).toEqual([
    { kind: "work", text: expect.stringMatching(/not handled 5 unread and 2 pending entries, 1 redriven/) },
    { kind: "letters", text: expect.stringMatching(/2 open dead letters/) },
  ]);
  await expect(operations.groups.retire(...BILLING)).rejects.toMatchObject({ code: "GROUP_IN_USE" });
  const force = { force: true };
  await expect(operations.groups.retire(...BILLING, force)).rejects.toMatchObject({
    message: expect.stringMatching(/2 open dead letters/),
  });
  await expect(operations.groups.retire(...BILLING, { deadLetters: "keep" })).rejects.toMatchObject({
    message: expect.stringMatching(/billing-workers of events is not retired: it has not handled/),
  });

  expect(await operations.groups.retire(...BILLING, everything)).toMatchObject({ unread: 5, discarded: 2 });

  expect(await remains()).toEqual([]);
  const states = (await all(operations.deadLetters.list("events", { state: "discarded" }))).map(({ state }) => state);
  const discarded = { state: "discarded", by: "ada", reason: "its group was retired" };
  expect(states).toMatchObject([discarded, discarded]);
  await expect(operations.groups.retire(...BILLING)).rejects.toMatchObject({ code: "GROUP_MISSING" });

  await using web = createService(redis, { service: "web", streamMaxLength: 1, trimIntervalSeconds: 0.05 });
  await eventually(async () => {
    await publishUserCreated(web, { entity_id: 1, after_data: { email: "a@b.example" } });
    return (await admin.xlen("events")) <= 2;
  });
});

it("keeps the dead letters on demand, and what they refer to", async () => {
  await leaveGroup();
  await admin.zadd(redriveKeys(KEYS, GROUP).oversized, 0, `${"1".padStart(40, "0")}${"1".padStart(40, "0")}`);
  await operations.groups.retire(...BILLING, { force: true, deadLetters: "keep" });
  expect(await remains()).toEqual([KEYS.redrive, redriveKeys(KEYS, GROUP).oversized]);
  const open = await all(operations.deadLetters.list("events", { state: "open" }));
  expect(open).toHaveLength(2);
  // To repeat it finishes what the letters kept.
  await operations.groups.retire(...BILLING, everything);
  expect(await remains()).toEqual([]);
});

it("finishes when it is repeated, wherever it was cut off", async () => {
  const config = readConfig({ service: "ada", ...LEASE }, "fields", {}, []);
  let cuts = 0;
  for (const isSent of [false, true]) {
    for (let most = 0; ; most++) {
      await admin.flushall();
      if (most === 0) {
        await leaveGroup();
        dumps = await Promise.all(
          (await admin.keys("*")).map(async (key) => [key, await admin.dumpBuffer(key)] as const),
        );
      } else for (const [key, dump] of dumps) await admin.restore(key, 0, dump as Buffer);
      const cut = new Groups(config, dyingAfter(most, isSent)).retire(...BILLING, everything);
      const wasCut = await cut.then(
        () => false,
        (error: Error) => error.message === "cut off",
      );
      if (!wasCut) break;
      cuts++;
      await operations.groups.retire(...BILLING, everything).catch((error: unknown) => {
        // It was done, only its reply was lost.
        expect(error).toMatchObject({ code: "GROUP_MISSING" });
      });
      expect(await remains()).toEqual([]);
      expect(await all(operations.deadLetters.list("events", { state: "open" }))).toEqual([]);
    }
  }
  expect(cuts).toBeGreaterThan(20);
});
let dumps: readonly (readonly [string, Buffer | null])[] = [];

/** A connection that dies after so many commands, before or after the last of them came to Redis. */
function dyingAfter(most: number, isSent: boolean): Routes {
  let sent = 0;
  const client = new Proxy(admin, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function" || name === "defineCommand") return value;
      return async (...args: unknown[]) => {
        const isLast = sent++ === most;
        if (sent > most + 1 || (isLast && !isSent)) throw new Error("cut off");
        const reply = await (value as (...args: unknown[]) => Promise<unknown>).apply(target, args);
        if (isLast) throw new Error("cut off");
        return reply;
      };
    },
  });
  const ask = (_what: string, question: (client: Client) => unknown): unknown => question(client);
  return { at: () => ({ ask }) } as unknown as Routes;
}

it("is refused while a member is alive, which it names, however wrong its clock is; one that has closed is none", async () => {
  const patient = { leaseSeconds: 5 };
  await using lasting = new Operations({ redis: { url: redis.url }, env: {}, ...patient });
  const service = createService(redis, { ...patient, service: "billing" });
  onUserCreated(service, () => {});
  await service.start();
  const names = await admin.zrange(KEYS.alive, "0", "-1");
  const { alive } = await lasting.groups.retirePlan(...BILLING);
  expect(alive).toEqual(names);
  await expect(lasting.groups.retire(...BILLING, everything)).rejects.toMatchObject({
    code: "GROUP_IN_USE",
    message: expect.stringMatching(`${names[0]} lives, or did within a lease .5 s.: stop its service`),
  });
  await service.close();
  // A heartbeat of a machine whose clock is an hour behind: Redis' own says that it holds.
  await admin.zadd(KEYS.alive, Date.now() - 3_600_000, "billing-1-0000abcd");
  await admin.hset(KEYS.floor, "served", Date.now() + 60_000);
  await expect(lasting.groups.retire(...BILLING, everything)).rejects.toMatchObject({
    message: expect.stringMatching(/billing-1-0000abcd lives/),
  });
  await admin.zrem(KEYS.alive, "billing-1-0000abcd");
  await lasting.groups.retire(...BILLING, everything);
  expect(await remains()).toEqual([]);
});

it("a member that starts afterwards creates it as a new group, which begins where its service says", async () => {
  await leaveGroup();
  await operations.groups.retire(...BILLING, everything);
  await using billing = createService(redis, { ...LEASE, service: "billing" });
  const handled: unknown[] = [];
  onUserCreated(billing, (_, { attempt, redelivered }) => void handled.push([attempt, redelivered]));
  await billing.start();
  expect(billing.counts).toMatchObject({ groupCreated: 2, paused: 0 });
  await eventually(() => handled.length === 10);
  expect(new Set(handled.map(String))).toEqual(new Set(["1,false"]));
});
