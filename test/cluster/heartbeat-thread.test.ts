import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { slotOf } from "../../runtime/broker/slot.js";
import { readConfig } from "../../runtime/config/config.js";
import { HookBus } from "../../runtime/messaging/hooks.js";
import { ConnectionPool } from "../../runtime/redis/connection-pool.js";
import { HeartbeatThread } from "../../runtime/redis/heartbeat-thread.js";
import { type StreamKeys, streamKeys } from "../../runtime/redis/keys.js";
import { systemClock } from "../../runtime/time/clock.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { eventually } from "../support/eventually.js";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1, arguments: ["--cluster-require-full-coverage", "no"] });
});
afterAll(() => cluster.stop());

/** The last beat of the one consumer of a stream, wherever it lies now; nothing while its master is away. */
async function beatOf(stream: string): Promise<number | undefined> {
  for (const { host, port } of cluster.nodes.filter(({ running }) => running)) {
    const client = new Redis({ host, port, retryStrategy: () => null });
    client.on("error", () => {});
    const reply = await client.zscore(streamKeys(stream, "g").alive, "me").catch(() => undefined);
    client.disconnect();
    if (reply != null) return Number(reply);
  }
  return undefined;
}

/** The masters that serve streams, by the port. */
async function masterOf(stream: string): Promise<number> {
  const { host, port } = cluster.nodes.find(({ running }) => running) as RedisCluster["nodes"][number];
  const client = new Redis({ host, port });
  const slots = await client.cluster("SLOTS");
  client.disconnect();
  const [, , master] = slots.find(([from, to]) => from <= slotOf(stream) && slotOf(stream) <= to) ?? [];
  return master?.[1] ?? 0;
}

it("finds the master of each stream, also a new one and that of a stream that is added, and others' beats go on meanwhile", async () => {
  const [node] = cluster.endpoints;
  const redis = { cluster: { nodes: node === undefined ? [] : [node] }, socketTimeoutSeconds: 1 };
  const config = readConfig({ service: "test", leaseSeconds: 1.5, redis }, "json", {});
  const parts = { config, hooks: new HookBus(), clock: systemClock };
  const pool = new ConnectionPool({ redis: config.redis, service: "test", clock: systemClock });
  // The main thread beats for neither: it has no part in this.
  const thread = new HeartbeatThread(parts);
  const [lost, other, late] = ["events", "commands", "health"];
  const told = new Map<string, string>();
  const add = (stream: string): void => {
    const { alive, floor } = streamKeys(stream, "g");
    const clock = new SharedArrayBuffer(40);
    Atomics.store(new BigInt64Array(clock), 0, process.hrtime.bigint() + 600_000_000_000n);
    const beats = [{ keys: [alive, floor], args: ["me", 1500] }];
    thread.add({ beats, clock, intervalMs: 200, told: (why) => void told.set(stream, why) });
  };
  for (const stream of [lost, other]) add(stream);
  onTestFinished(async () => {
    await thread.stop();
    pool.close();
  });
  thread.start(pool.route("settle", lost));
  for (const stream of [lost, other]) await eventually(() => beatOf(stream));
  const victim = await masterOf(lost);
  expect(await masterOf(other)).not.toBe(victim);

  await cluster.nodes.find(({ port }) => port === victim)?.kill();
  const killedAt = Date.now();
  // Before a replica has taken its place.
  const meanwhile = await eventually(
    () => beatOf(other),
    (beat) => beat !== undefined && beat > killedAt,
  );
  expect(meanwhile).toBeGreaterThan(killedAt);
  add(late);
  thread.start(pool.route("settle", late));
  await eventually(() => beatOf(late));
  await eventually(
    () => beatOf(lost),
    (beat) => beat !== undefined && beat > killedAt,
    { withinMs: 30_000 },
  );
  await eventually(() => !told.get(lost));
});

it("confirms no round of which a beat was refused, because the slot is moving", async () => {
  const stream = "commands";
  const slot = slotOf(stream);
  const [from, to] = [await cluster.masterOf(stream), await cluster.masterOf("events")];
  expect(from).not.toBe(to);
  const targetId = String(await onNode(to, (client) => client.cluster("MYID")));
  const [missing, there] = ["missing", "there"].map((group) => streamKeys(stream, group)) as [StreamKeys, StreamKeys];
  await onNode(from, async (client) => {
    await client.zadd(there.alive, 1, "me");
    await client.hset(there.floor, "served", 1_000_000_000_000);
    await client.cluster("SETSLOT", slot, "MIGRATING", targetId);
  });
  const redis = { cluster: { nodes: cluster.endpoints }, socketTimeoutSeconds: 1 };
  const config = readConfig({ service: "test", leaseSeconds: 1.5, redis }, "json", {});
  const pool = new ConnectionPool({ redis: config.redis, service: "test", clock: systemClock });
  const thread = new HeartbeatThread({ config, hooks: new HookBus(), clock: systemClock });
  onTestFinished(async () => {
    await thread.stop();
    pool.close();
  });
  const instants = new BigInt64Array(new SharedArrayBuffer(40));
  Atomics.store(instants, 0, process.hrtime.bigint() + 600_000_000_000n);
  const confirmed = (): bigint => Atomics.load(instants, 1);
  const beats = [missing, there].map(({ alive, floor }) => ({ keys: [alive, floor], args: ["me", 1500] }));
  thread.add({ beats, clock: instants.buffer as SharedArrayBuffer, intervalMs: 200, told: () => {} });
  thread.start(pool.route("settle", stream));
  const beat = async (): Promise<number> => Number(await onNode(from, (client) => client.zscore(there.alive, "me")));
  const first = await eventually(beat, (score) => score > 1);
  await eventually(beat, (score) => score > first);
  expect(confirmed()).toBe(0n);
  await onNode(from, (client) => client.cluster("SETSLOT", slot, "STABLE"));
  await eventually(() => confirmed() > 0n);
});
