import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { slotOf } from "../../runtime/broker/slot.js";
import { readConfig } from "../../runtime/config/config.js";
import { HookBus } from "../../runtime/messaging/hooks.js";
import { ConnectionPool } from "../../runtime/redis/connection-pool.js";
import { HeartbeatThread } from "../../runtime/redis/heartbeat-thread.js";
import { streamKeys } from "../../runtime/redis/keys.js";
import { systemClock } from "../../runtime/time/clock.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
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

it("finds the master of each stream by itself, also the new one after a failover, and others' beats go on meanwhile", async () => {
  const [node] = cluster.endpoints;
  const redis = { cluster: { nodes: node === undefined ? [] : [node] }, socketTimeoutSeconds: 1 };
  const config = readConfig({ service: "test", leaseSeconds: 1.5, redis }, "json", {});
  const parts = { config, hooks: new HookBus(), clock: systemClock };
  const pool = new ConnectionPool({ redis: config.redis, service: "test", clock: systemClock });
  // The main thread beats for neither: it has no part in this.
  const thread = new HeartbeatThread(parts);
  const [lost, other] = ["events", "commands"];
  const told = new Map<string, string>();
  for (const stream of [lost, other]) {
    const { alive, floor } = streamKeys(stream, "g");
    const clock = new SharedArrayBuffer(40);
    Atomics.store(new BigInt64Array(clock), 0, process.hrtime.bigint() + 600_000_000_000n);
    const beats = [{ keys: [alive, floor], args: ["me", 1500] }];
    thread.add({ beats, clock, intervalMs: 200, told: (why) => void told.set(stream, why) });
  }
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
  await eventually(
    () => beatOf(lost),
    (beat) => beat !== undefined && beat > killedAt,
    { withinMs: 30_000 },
  );
  await eventually(() => !told.get(lost));
});
