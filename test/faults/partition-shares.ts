import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Broker } from "../../runtime/broker/broker.js";
import type { Members } from "../../runtime/broker/membership.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { readConfig } from "../../runtime/config/config.js";
import type { StreamConsumer } from "../../runtime/consume/consumer.js";
import { PartitionedStream } from "../../runtime/consume/partitioned-stream.js";
import { HookBus } from "../../runtime/messaging/hooks.js";
import { Copies } from "../../runtime/redis/copies.js";
import type { Heartbeat } from "../../runtime/redis/heartbeat.js";
import { leaseKey, shareKeys, topologyKey } from "../../runtime/redis/keys.js";
import { RedisShares } from "../../runtime/redis/redis-shares.js";
import type { Route } from "../../runtime/redis/route.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { systemClock } from "../../runtime/time/clock.js";

/**
 * Counts what it takes to share many partitions: `npx tsx test/faults/partition-shares.ts [partitions] [members]`. The members
 * read nothing; all else is as in a service. It takes about two minutes.
 */
const [PARTITIONS = 1000, MEMBERS = 200] = process.argv.slice(2).map(Number);
const GROUP = "billing-workers";
const streams = ["events", ...Array.from({ length: PARTITIONS - 1 }, (_, at) => `events:${at + 1}`)];
const topology = { version: 1, streams, retired: [] };
const config = readConfig({ service: "billing" }, "json", {});
const hooks = new HookBus();

const redis = await startRedis();
const client = new Redis(redis.url);
const admin = new Redis(redis.url);
await admin.hset(topologyKey("events"), recordOf(topology));
const route = {
  ready: async () => client,
  ask: (_: string, ask: (each: Redis) => unknown) => ask(client),
} as unknown as Route;

interface Member {
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

function member(name: string): Member {
  let confirmedMs = 0;
  let beating = true;
  const { members: key } = shareKeys("events", GROUP);
  const beats = setInterval(() => {
    confirmedMs = performance.now();
    if (beating) void client.zadd(key, "XX", Date.now(), name);
  }, config.leaseMs / 3);
  const killed = new AbortController();
  const heartbeat = {
    addShare: () => {},
    get confirmedMs() {
      return confirmedMs;
    },
  } as unknown as Heartbeat;
  const share: Members["share"] = (stream, consumer, signal) =>
    new RedisShares(
      { stream, group: GROUP, consumer },
      {
        ...{ heartbeat, copies: new Copies(systemClock, false), clock: systemClock, leaseMs: config.leaseMs, signal },
        linkOf: () => (killed.signal.aborted ? ({ ready: () => new Promise(() => {}) } as unknown as Route) : route),
      },
    );
  const consumer = {
    membership: { consumer: name, log: { stream: "none" } },
    attempted: Promise.resolve(),
    ...{ start: () => {}, forsake: () => {}, stop: async () => {}, leave: async () => {} },
  } as unknown as StreamConsumer;
  const stream = new PartitionedStream("events", name, topology, {
    ...{ broker: { topology: async () => topology } as unknown as Broker, config, hooks, clock: systemClock },
    ...{ members: { share } as unknown as Members, consumerOf: () => consumer, begun: () => {}, ended: () => {} },
  });
  stream.start(0, true);
  return {
    async stop() {
      await stream.stop(new Promise(() => {}));
      clearInterval(beats);
      await stream.leave();
    },
    kill() {
      beating = false;
      clearInterval(beats);
      killed.abort();
    },
  };
}

/** Resolves to how long it took until each partition has the owner that the plan gives it, and how many have another one. */
async function settled(): Promise<{ readonly ms: number; readonly moved: number }> {
  const since = performance.now();
  const before = await owners();
  for (;;) {
    const [plan, now, living] = [
      await admin.hgetall(shareKeys("events", GROUP).plan),
      await owners(),
      new Set(await admin.zrange(shareKeys("events", GROUP).members, "0", "-1")),
    ];
    if (streams.every((name, at) => living.has(now[at] ?? "") && plan[`=${name}`] === now[at]) && changes > 0) {
      return {
        ms: Math.round(performance.now() - since),
        moved: now.filter((owner, at) => owner !== before[at]).length,
      };
    }
    await sleep(20);
  }
}

async function owners(): Promise<(string | null)[]> {
  const pipeline = admin.pipeline();
  for (const stream of streams) pipeline.hget(leaseKey(stream, GROUP), "owner");
  return ((await pipeline.exec()) ?? []).map(([, owner]) => owner as string | null);
}

let changes = 0;
/** How many commands the members sent in a second, on average. */
async function perSecond(ms: number): Promise<number> {
  let sent = 0;
  const send = client.sendCommand.bind(client) as (...given: unknown[]) => unknown;
  (client as unknown as { sendCommand: typeof send }).sendCommand = (...given) => {
    sent++;
    return send(...given);
  };
  await sleep(ms);
  return Math.round((sent * 1000) / ms);
}

const all: Member[] = [];
for (let at = 0; at < MEMBERS; at++) all.push(member(`m${at}`));
changes = 1;
await sleep(1000);
const begun = await settled();
process.stdout.write(`${MEMBERS} members share ${PARTITIONS} partitions after ${begun.ms + 1000} ms\n`);
await sleep(3000);
process.stdout.write(`at rest: ${await perSecond(30_000)} commands a second\n`);
all.push(member("new"));
await sleep(50);
const joined = await settled();
process.stdout.write(`a join is settled after ${joined.ms + 50} ms\n`);
const leaving = all.splice(3, 1);
const left = settled();
await leaving[0]?.stop();
process.stdout.write(`a leave is settled after ${(await left).ms} ms\n`);
all.splice(5, 1)[0]?.kill();
const dead = await admin.zrange(shareKeys("events", GROUP).members, "0", "-1");
const since = performance.now();
while ((await admin.zcard(shareKeys("events", GROUP).members)) === dead.length) await sleep(50);
const crashed = await settled();
process.stdout.write(
  `a crash is settled after ${Math.round(performance.now() - since)} ms, ${crashed.moved} moved since it was noticed\n`,
);
process.exit(0);
