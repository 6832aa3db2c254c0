import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  createUser,
  type Messaging,
  type PublishOptions,
  publishCurrencyRateUpdated as publishRate,
  sendCreateUser,
  userCreated,
} from "../../../generated/index.js";
import type { Transferred } from "../../../runtime/broker/transfer.js";
import { readConfig } from "../../../runtime/config/config.js";
import { HookBus } from "../../../runtime/messaging/hooks.js";
import { RedisBroker } from "../../../runtime/redis/redis-broker.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const { redis, admin } = await useRedis({ arguments: ["--repl-diskless-sync-delay", "0"] });
const replica = await startRedis({ arguments: ["--replicaof", redis.host, String(redis.port)] });
const copy = new Redis(replica.url);
afterAll(async () => {
  copy.disconnect();
  await replica.stop();
});

const rate = { entity_id: "USD", after_data: { rate: 1 } };
const settings = { waitTimeoutSeconds: 0.2, socketTimeoutSeconds: 3 };
/** For what a replica confirms: on a busy machine not at once. */
const patient = { waitTimeoutSeconds: 10, socketTimeoutSeconds: 15 };

beforeEach(async () => {
  replica.resume();
  await eventually(async () => (await admin.info("replication")).includes("state=online"));
  await admin.flushall();
});

/** How often each command has run since it was asked last. */
async function commands(): Promise<(name: string) => number> {
  const stats = await admin.info("commandstats");
  await admin.config("RESETSTAT");
  return (name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

const entries = (messaging: Messaging, count: number, options: PublishOptions): Promise<unknown>[] =>
  Array.from({ length: count }, () => publishRate(messaging, rate, options));

describe("a replicated publish", () => {
  it("resolves when a replica has it, and many that arrive together wait once", async () => {
    await using messaging = createService(redis, { redis: patient });
    const durability = "replicated";
    const { entryId } = await publishRate(messaging, rate, { durability });
    expect(await copy.xrange("events", "-", "+")).toMatchObject([[entryId, expect.anything()]]);
    await commands();
    await Promise.all(entries(messaging, 100, { durability }));
    expect(await copy.xlen("events")).toBe(101);
    const calls = await commands();
    expect(calls("wait")).toBeLessThan(4);
    await messaging.publishAll(userCreated, [{ entity_id: 1, after_data: { email: "a@b.cd" } }], { durability });
    expect((await commands())("wait")).toBe(1);
  });

  it("costs nothing where it is not asked for", async () => {
    await using messaging = createService(redis, { redis: settings });
    await publishRate(messaging, rate);
    await commands();
    await Promise.all(entries(messaging, 10, {}));
    const calls = await commands();
    expect([calls("wait"), calls("set"), calls("xinfo")]).toEqual([0, 0, 0]);
    const names = String(await admin.call("CLIENT", "LIST")).match(/name=\S*test-service\S*/g) ?? [];
    expect(names.filter((name) => name.includes("replicated"))).toEqual([]);
  });

  it("is uncertain when no replica says in time that it has it, and is certain when it is repeated later", async () => {
    await using messaging = createService(redis, { durability: "replicated", redis: settings });
    const id = "0c352b96-8628-4933-bfaf-959ce68e851e";
    await using first = createService(redis, { durability: "replicated", redis: patient });
    await publishRate(first, rate);
    replica.pause();
    await expect(publishRate(messaging, rate)).rejects.toMatchObject({
      ...{ code: "PUBLISH_UNCERTAIN", retryable: false },
      message: expect.stringMatching(/perhaps on one node only: 0 of 1 replicas .* within 200 ms \(REDIS_WAIT/),
    });
    const many = await Promise.allSettled(entries(messaging, 50, {}));
    expect(many.map(({ status }) => status)).toEqual(many.map(() => "rejected"));
    // Those of other durability do not wait.
    await publishRate(messaging, rate, { durability: "stored" });
    const attempt = (): Promise<unknown> => publishRate(messaging, rate, { id, once: true });
    await expect(attempt()).rejects.toMatchObject({
      ...{ code: "PUBLISH_UNCERTAIN", retryable: true, messageId: id },
      message: expect.stringContaining("repeat it with the same id and once: true"),
    });
    expect(await admin.xlen("events")).toBe(54);
    // A repeat over a new connection writes nothing, and must be confirmed all the same.
    await using other = createService(redis, { durability: "replicated", redis: settings });
    await expect(publishRate(other, rate, { id, once: true })).rejects.toMatchObject({ code: "PUBLISH_UNCERTAIN" });
    replica.resume();
    await eventually(() => publishRate(other, rate, { id, once: true }));
    await eventually(
      () => copy.xlen("events"),
      (length) => length === 54,
    );
  });

  it("is refused, and surely not stored, where Redis itself demands replicas that it lacks", async () => {
    await using messaging = createService(redis, { durability: "replicated", redis: settings });
    await admin.config("SET", "min-replicas-to-write", "2");
    try {
      await expect(publishRate(messaging, rate)).rejects.toMatchObject({
        ...{ code: "PUBLISH_FAILED", retryable: true },
        message: expect.stringContaining("Too few replicas follow it"),
      });
    } finally {
      await admin.config("SET", "min-replicas-to-write", "0");
    }
    expect(await admin.xlen("events")).toBe(0);
  });

  it("is uncertain when the connection breaks while it waits", async () => {
    await using proxy = await startTcpProxy(redis);
    await using messaging = createService(proxy, { durability: "replicated", redis: patient });
    await publishRate(messaging, rate);
    replica.pause();
    const publishing = publishRate(messaging, rate);
    const failing = expect(publishing).rejects.toMatchObject({
      code: "PUBLISH_UNCERTAIN",
      message: expect.stringContaining("the connection broke before"),
    });
    await eventually(
      () => admin.xlen("events"),
      (length) => length === 2,
    );
    proxy.reset();
    await failing;
  });

  it("says which right is missing", async () => {
    await admin.call("ACL", "SETUSER", "app", "on", "nopass", "~*", "&*", "+@all", "-wait");
    await using messaging = createService(
      { url: redis.url },
      { durability: "replicated", redis: { ...settings, username: "app", password: "any" } },
    );
    await expect(publishRate(messaging, rate)).rejects.toMatchObject({
      code: "PUBLISH_UNCERTAIN",
      message: expect.stringContaining("give it the right +wait"),
    });
  });

  it("is not what start messages, or commands whose answers are awaited, have to wait for", async () => {
    await using messaging = createService(redis, { durability: "replicated", announce: true, redis: patient });
    await commands();
    await messaging.start();
    const asked = sendCreateUser(messaging, { email: "ada@example.com" }, { timeoutSeconds: 1 });
    const unanswered = expect(asked).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });
    await eventually(async () => (await admin.exists("events", "commands")) === 2);
    expect((await commands())("wait")).toBe(0);
    await messaging.tell(createUser, { email: "ada@example.com" });
    expect((await commands())("wait")).toBe(1);
    await unanswered;
  });
});

it("a replicated publish that resolved is on so many replicas", async () => {
  await using second = await startRedis({ arguments: ["--replicaof", redis.host, String(redis.port)] });
  const other = new Redis(second.url);
  await using messaging = createService(redis, {
    durability: "replicated",
    redis: { ...patient, waitReplicas: 2, waitTimeoutSeconds: 3 },
  });
  const id = "0c352b96-8628-4933-bfaf-959ce68e851e";
  const attempt = (): Promise<{ readonly entryId: string }> => publishRate(messaging, rate, { id, once: true });
  await eventually(async () => (await admin.info("replication")).match(/state=online/g)?.length === 2);
  second.pause();
  await expect(attempt()).rejects.toMatchObject({
    code: "PUBLISH_UNCERTAIN",
    message: expect.stringContaining("1 of 2 replicas"),
  });
  second.resume();
  const { entryId } = await eventually(attempt);
  for (const client of [copy, other])
    expect((await client.xrange("events", "-", "+")).map(([each]) => each)).toEqual([entryId]);
  other.disconnect();
});

it("what an outbox publishes waits for replicas, too, also when it was stored by an attempt before", async () => {
  const config = readConfig(
    { service: "relay", durability: "replicated", redis: { ...settings, url: redis.url } },
    "json",
    {},
  );
  const entries = ["1", "2"].map((messageId) => ({
    messageId,
    entry: ["n", messageId],
    announced: undefined,
    key: undefined,
  }));
  const transfer = async (): Promise<Transferred> => {
    const broker = new RedisBroker(config, new HookBus(), systemClock);
    try {
      return await broker.transfer({ stream: "events", entries, onceWindowMs: 60_000 });
    } finally {
      broker.close();
    }
  };
  replica.pause();
  const uncertain = { entryIds: [], refusal: { error: { code: "PUBLISH_UNCERTAIN" }, isForGood: false } };
  expect(await transfer()).toMatchObject(uncertain);
  expect(await transfer()).toMatchObject(uncertain);
  replica.resume();
  await eventually(transfer, ({ entryIds }) => entryIds.length === 2);
  expect(await copy.xlen("events")).toBe(2);
});

it("refuses a durability that does not exist", async () => {
  await using messaging = createService(redis);
  const durability = "replicatd" as "replicated";
  await expect(publishRate(messaging, rate, { durability })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining('durability must be "stored" or "replicated", not "replicatd"'),
  });
  expect(() => createService(redis, { redis: { waitTimeoutSeconds: 6 } })).toThrow(
    "REDIS_WAIT_TIMEOUT must be less than REDIS_SOCKET_TIMEOUT (5 s), not 6 s",
  );
});
