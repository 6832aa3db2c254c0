// `npm run bench:masters`: what one process publishes to partitions on three masters beside the same partitions on one Redis, and
// what three processes publish that have a master each, into docs/scaling.md. `npm run bench:masters -- 3` takes so many rounds.

import { Redis } from "ioredis";
import type { RedisOptions } from "../../generated/index.js";
import { partitionNames, partitionOf } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { topologyKey } from "../../runtime/redis/keys.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../support/child.js";
import { startCluster } from "../support/cluster.js";
import { writeBetween } from "./document.js";
import type { PublisherReport, PublisherTask } from "./masters-publisher.js";
import { spreadOf } from "./statistics.js";

const ROUNDS = Number(process.argv[2] ?? 7);
const MESSAGES = 256 * 400;
const MASTERS = 3;
/** Three for each master. */
const STREAMS = partitionNames(["events"], 3 * MASTERS, { slots: SLOTS, slotOf });
const topology = recordOf({ version: 1, streams: STREAMS, retired: [] });

/** Keys that go to each of the partitions that the test allows. */
function keysOf(isMeant: (stream: string) => boolean): string[] {
  const streamOf = (key: string): string => STREAMS[partitionOf(key, STREAMS.length)] as string;
  return Array.from({ length: 3000 }, (_, at) => `user:${at}`).filter((key) => isMeant(streamOf(key)));
}

type Publisher = Child<PublisherReport>;

async function publisher(redis: RedisOptions, keys: readonly string[]): Promise<Publisher> {
  const task: PublisherTask = { redis, keys };
  const program = new URL("./masters-publisher.ts", import.meta.url);
  const child = await startChild<PublisherReport>(program, { arguments: [JSON.stringify(task)] });
  await child.next((report) => "ready" in report, { withinMs: 120_000 });
  return child;
}

interface Pace {
  /** Messages in a second of all publishers together. */
  readonly perSecond: number;
  /** Of a publisher's processor, for a message. */
  readonly microseconds: number;
}

/** Has publishers publish at once. */
async function paceOf(publishers: readonly Publisher[]): Promise<Pace> {
  const reports = await Promise.all(
    publishers.map(async (child) => {
      child.send({ publish: MESSAGES });
      return (await child.next((report) => "ms" in report, { withinMs: 300_000 })) as Extract<
        PublisherReport,
        { ms: number }
      >;
    }),
  );
  return {
    perSecond: reports.reduce((sum, { ms }) => sum + (1000 * MESSAGES) / ms, 0),
    microseconds: reports.reduce((sum, { processorMs }) => sum + (1000 * processorMs) / MESSAGES, 0) / reports.length,
  };
}

await using one = await startRedis();
await using cluster = await startCluster({ masters: MASTERS });
for (const client of [new Redis(one.url), cluster.connect()]) {
  await client.hset(topologyKey("events"), topology);
  client.disconnect();
}
const masters = new Map<string, number>();
for (const stream of STREAMS) masters.set(stream, (await cluster.masterOf(stream)).port);
const toOne = await publisher(
  { url: one.url },
  keysOf(() => true),
);
const toThree = await publisher(
  cluster.address,
  keysOf(() => true),
);
const toEach = await Promise.all(
  [...new Set(masters.values())].map((port) =>
    publisher(
      cluster.address,
      keysOf((stream) => masters.get(stream) === port),
    ),
  ),
);

const arms = [
  ["one process, one Redis", [toOne]],
  ["one process, three masters", [toThree]],
  ["three processes, a master each", toEach],
] as const;
const paces = new Map<string, Pace[]>(arms.map(([name]) => [name, []]));
// In turn, so that whatever else the machine does meets all of them alike.
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, publishers] of arms) paces.get(name)?.push(await paceOf(publishers));
}

/** What an arm has for each of what the first had in the same round. */
function ratio(name: string, of: (pace: Pace) => number): number {
  const base = paces.get(arms[0][0]) ?? [];
  return spreadOf((paces.get(name) ?? []).map((pace, round) => of(pace) / of(base[round] as Pace))).median;
}

const table = [
  "| | Messages a second | beside one Redis | A message takes of the processor of its publisher | What the publishers could do on processors of their own |",
  "|---|--:|--:|--:|--:|",
];
for (const [name, publishers] of arms) {
  const list = paces.get(name) ?? [];
  const median = (of: (pace: Pace) => number): number => spreadOf(list.map(of)).median;
  const [speed, effort] = [ratio(name, (pace) => pace.perSecond), ratio(name, (pace) => pace.microseconds)];
  const thousands = Math.round(median((pace) => pace.perSecond) / 1000);
  const row = [name, `${thousands},000`, speed.toFixed(2), `${median((pace) => pace.microseconds).toFixed(1)} µs`];
  table.push(`| ${row.join(" | ")} | ${(publishers.length / effort).toFixed(2)} |`);
}
process.stdout.write(`${table.join("\n")}\n`);
writeBetween("docs/scaling.md", "masters", table.join("\n"));
await Promise.all(arms.flatMap(([, publishers]) => publishers).map((child) => child.stop()));
