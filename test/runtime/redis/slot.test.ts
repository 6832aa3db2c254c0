import { setImmediate as turn } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

import {
  handleValidateToken,
  onUserCreated,
  publishHealthReport,
  publishUserCreated,
  sendValidateToken,
} from "../../../generated/index.js";
import { slotOf } from "../../../runtime/broker/slot.js";
import { Operations } from "../../../runtime/operations/index.js";
import { type RedisCluster, startCluster } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { startNat } from "../../support/nat.js";
import { createService } from "../../support/service.js";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ masters: 3 });
});
afterAll(() => cluster.stop());

/** The node that has the stream's slot: whatever belongs to the stream must be on it, too. */
async function ownerOf(key: string): Promise<{ host: string; port: number }> {
  const [any] = cluster.masters;
  const client = new Redis({ host: any?.host as string, port: any?.port as number });
  const slot = await client.cluster("KEYSLOT", key);
  const slots = await client.cluster("SLOTS");
  client.disconnect();
  const [, , owner] = slots.find(([from, to]) => from <= slot && slot <= to) ?? [];
  if (owner === undefined) throw new Error(`no node has the slot of ${key}`);
  return { host: owner[0], port: owner[1] };
}

it("whatever belongs to a stream shares its slot of a Redis Cluster, through retries, dead letters, redrive and trims", async () => {
  const { host, port } = await ownerOf("events");
  const place = { url: `redis://${host}:${port}` };
  let failing = true;
  const handled: number[] = [];
  const trimmed: number[] = [];
  const settings = {
    maxRetries: 1,
    retryDelaySeconds: 0.02,
    streamMaxLength: 1,
    trimIntervalSeconds: 0.05,
    hooks: { trimmed: ({ removed }: { removed: number }) => void trimmed.push(removed) },
  };
  await using messaging = createService(place, settings);
  onUserCreated(messaging, ({ entity_id }) => {
    if (failing) throw new Error("not yet");
    handled.push(entity_id);
  });
  await messaging.start();
  const input = { entity_id: 7, after_data: { email: "ada@example.com" } };
  await publishUserCreated(messaging, input, { once: true });
  await eventually(() => messaging.counts.deadLettered === 1);
  failing = false;

  await using operations = new Operations({ redis: place, env: {}, service: "test-service" });
  expect(await operations.deadLetters.redriveAll("events")).toBe(1);
  await eventually(() => handled.length === 1);
  await Promise.all([1, 2, 3].map((entity_id) => publishUserCreated(messaging, { ...input, entity_id })));
  await eventually(() => handled.length === 4 && trimmed.length > 0);
  const client = new Redis(place.url);
  await client.xadd("events", "*", "event_type", "user.created", "text", "x".repeat(2_000_000));
  await eventually(() => client.exists("{events}:oversized"));
  trimmed.length = 0;
  await Promise.all([5, 6, 7].map((entity_id) => publishUserCreated(messaging, { ...input, entity_id })));
  await eventually(() => trimmed.length > 0);
  client.disconnect();
  expect(messaging.counts.trouble).toBe(0);
});

/** A client of each master, which ends with the test. */
async function mastersOf(): Promise<readonly Redis[]> {
  const clients = cluster.masters.map(({ host, port }) => new Redis({ host, port }));
  onTestFinished(() => {
    for (const client of clients) client.disconnect();
  });
  return clients;
}

/** Says on every master that another one serves the slot of a key, which must be empty. */
async function assign(key: string, to: Redis, masters: readonly Redis[]): Promise<void> {
  const slot = slotOf(key);
  const id = (await to.call("CLUSTER", "MYID")) as string;
  // The new one first: until then it would send everybody back.
  for (const master of [to, ...masters.filter((each) => each !== to)]) {
    await master.call("CLUSTER", "SETSLOT", slot, "NODE", id);
  }
}

it("a service that knows one node publishes and handles through the masters of each stream, also commands and their answers", async () => {
  const [node] = cluster.endpoints;
  const redis = { cluster: { nodes: node === undefined ? [] : [node] } };
  const environment = "reached";
  await using asking = createService({}, { redis, environment, service: "order-service" });
  await using handling = createService({}, { redis, environment, service: "user-auth-service" });
  const seen: number[] = [];
  onUserCreated(handling, ({ entity_id }) => void seen.push(entity_id));
  handleValidateToken(handling, ({ payload }) => ({ valid: payload.token === "good", user_id: 7 }));
  await handling.start({ requireRedis: true });
  expect(new Set(["reached:events", "reached:commands"].map(slotOf)).size).toBe(2);
  await publishUserCreated(asking, { entity_id: 7, after_data: { email: "ada@example.com" } });
  expect(await sendValidateToken(asking, { token: "good" })).toMatchObject({ valid: true });
  await eventually(() => seen.length === 1);
  const { status, details } = await handling.health();
  expect({ status, redis: details.redis, heartbeat: details.heartbeat }).toEqual({
    status: "healthy",
    redis: { connected: true, latency_ms: expect.any(Number) },
    heartbeat: { state: "confirmed", reason: null },
  });
});

it("one publisher's messages to one stream stand in the order in which they were published, through redirects", async () => {
  const masters = await mastersOf();
  const environment = "moved";
  const stream = `${environment}:events`;
  await using messaging = createService({}, { redis: { cluster: { nodes: cluster.endpoints } }, environment });
  // From now on it knows who serves what.
  await publishHealthReport(messaging, { status: "healthy" });
  const owner = await ownerOf(stream);
  const others = masters.filter(({ options }) => options.port !== owner.port);
  const [other] = others as [Redis];
  await assign(stream, other, masters);

  const published: Promise<unknown>[] = [];
  for (let id = 1; id <= 300; id++) {
    const input = { entity_id: id, after_data: { email: "ada@example.com" } };
    published.push(publishUserCreated(messaging, input));
    if (id % 40 === 0) await turn();
  }
  await Promise.all(published);
  const entries = await other.xrange(stream, "-", "+");
  const ids = entries.map(([, fields]) => Number(fields[fields.indexOf("entity_id") + 1]));
  expect([...ids].sort((one, next) => one - next)).toEqual(ids);
  expect(ids).toHaveLength(300);
  expect(messaging.counts.publishFailed).toBe(0);
});

it("a publish that is uncertain is never sent again by itself; one that was redirected is", async () => {
  const masters = await mastersOf();
  await using nat = await startNat(cluster.nodes);
  const [environment, event] = ["lost", { entity_id: 1, after_data: { email: "ada@example.com" } }];
  const stream = `${environment}:events`;
  const redis = { cluster: { nodes: [...nat.seeds], natMap: nat.natMap }, socketTimeoutSeconds: 1 };
  await using messaging = createService({}, { redis, environment });
  await publishUserCreated(messaging, event);
  const owner = await ownerOf(stream);
  const present = masters.find(({ options }) => options.port === owner.port) as Redis;
  const proxy = nat.before(cluster.masters.find(({ port }) => port === owner.port) as { host: string; port: number });
  proxy.mode = "mute";
  await expect(publishUserCreated(messaging, event)).rejects.toMatchObject({ code: "PUBLISH_UNCERTAIN" });
  proxy.mode = "pass";
  await eventually(() => publishUserCreated(messaging, event));
  expect(await present.xlen(stream)).toBe(3);

  await present.del(stream);
  const other = masters.find((master) => master !== present) as Redis;
  await assign(stream, other, masters);
  const { entryId } = await publishUserCreated(messaging, event);
  expect((await other.xrange(stream, "-", "+")).map(([id]) => id)).toEqual([entryId]);
});

it("a service that was given one node of a cluster as its Redis is told which setting it needs", async () => {
  const { port } = await ownerOf("events");
  const other = cluster.masters.find((master) => master.port !== port);
  await using messaging = createService({ url: `redis://127.0.0.1:${other?.port}` });
  const advice = /MOVED 9102 .*name some nodes in REDIS_CLUSTER_NODES/;
  const publishing = publishUserCreated(messaging, { entity_id: 7, after_data: { email: "ada@example.com" } });
  await expect(publishing).rejects.toMatchObject({ message: expect.stringMatching(advice), retryable: false });
  onUserCreated(messaging, () => {});
  await expect(messaging.start()).rejects.toMatchObject({
    code: "REDIS_REFUSED",
    message: expect.stringMatching(advice),
  });
});
