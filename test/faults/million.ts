import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Settings } from "../../generated/index.js";
import { partitionNames } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { topologyKey } from "../../runtime/redis/keys.js";
import { watchEpochs } from "./epochs.js";
import { Group } from "./million/group.js";
import { startOne, startThree } from "./million/place.js";
import { Publishing } from "./million/publishing.js";

/**
 * A million messages through three groups, whose processes are killed at random all the while. It ends when each group
 * has handled every message, or when its time is up, and says what was lost and what was handled twice.
 *
 *   node --import tsx test/faults/million.ts [--messages 1000000] [--minutes 20] [--kill-every 1] [--order]
 *     [--cluster] [--partitions 16] [--strike-every 15]
 *
 * With --order the messages belong to entities, each group has one process at a time, and whatever begins before its
 * turn counts, too. With --partitions that holds for three processes of each group, which are also stopped for longer than
 * their lease and replaced. With --cluster all of it is on three masters with a replica each: masters are killed, stopped
 * and replaced, and slots move. Messages are then published once and replicated, and again when a stream has lost its end.
 */
const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    minutes: { type: "string", default: "20" },
    "kill-every": { type: "string", default: "1" },
    "strike-every": { type: "string", default: "15" },
    order: { type: "boolean", default: false },
    cluster: { type: "boolean", default: false },
    partitions: { type: "string", default: "1" },
  },
});
const MESSAGES = Number(values.messages);
const DEADLINE = performance.now() + Number(values.minutes) * 60_000;
const [KILL_EVERY_MS, STRIKE_EVERY_MS] = [values["kill-every"], values["strike-every"]].map((s) => Number(s) * 1000);
const SERVICES = ["billing", "audit", "reporting"];
const PARTITIONS = Number(values.partitions);
const IS_PARTITIONED = PARTITIONS > 1;
const IS_ORDERED = values.order || IS_PARTITIONED;
const PROCESSES_EACH = IS_PARTITIONED ? 3 : values.order ? 1 : 2;
const ENTITIES = 2000;
/** What is published waits while a stream has more than so many entries: a million need not fit into memory. */
const MOST_WAITING = IS_PARTITIONED ? 5000 : 60_000;
/** Longer than a master is away. */
const LEASE_S = values.cluster ? 9 : 3;
const STREAMS = partitionNames(["events"], PARTITIONS, { slots: SLOTS, slotOf });

const folder = mkdtempSync(join(tmpdir(), "merp-million-"));
const place = values.cluster ? await startThree(STREAMS, 5000) : await startOne();
const { client } = place;
if (IS_PARTITIONED) await client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] }));
/** A slot with few keys moves in seconds. */
const RETENTION = { messageTtlSeconds: 60, streamMaxLength: IS_PARTITIONED ? 2000 : 10_000 };
const redis = { ...place.address, connectionTimeoutSeconds: 10, socketTimeoutSeconds: 2 };
const settings: Settings = {
  redis,
  leaseSeconds: LEASE_S,
  concurrency: 200,
  blockTimeMs: 200,
  ...RETENTION,
  retryDelaySeconds: 0.1,
  maxRetries: 100,
  order: IS_ORDERED ? "entity" : "none",
};
const behaviours = [
  { do: "throw", every: 997, attempts: 1 },
  { do: "wait", ms: 3, every: 10 },
] as const;
const groups = SERVICES.map(
  (service) =>
    new Group(service, {
      folder,
      messages: MESSAGES,
      role: IS_ORDERED ? { settings, behaviours } : { settings, brief: true },
    }),
);
let over = false;
const isOver = (): boolean => over || performance.now() > DEADLINE;
const publishing = new Publishing({
  ...{ settings: { redis, ...RETENTION }, streams: STREAMS, messages: MESSAGES, entities: ENTITIES, isOver },
  options: values.cluster ? { once: true, durability: "replicated" } : {},
  moved: place.moved,
  async room(stream) {
    const length = (): Promise<number> => client.xlen(stream).catch(() => Number.POSITIVE_INFINITY);
    while (!isOver() && (await length()) > MOST_WAITING) await sleep(50);
  },
});
const done: Record<string, number> = {};
const any = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;

/** Does one thing after another until all is handled, with pauses of about so long, and counts what it did. */
async function always(everyMs = 0, deed: () => Promise<string | undefined>): Promise<void> {
  while (!isOver()) {
    await sleep(everyMs * (0.5 + Math.random()));
    const name = isOver() ? undefined : await deed();
    if (name !== undefined) done[name] = (done[name] ?? 0) + 1;
  }
}

async function harm(): Promise<string | undefined> {
  const group = any(groups);
  if (group.well === 0) return undefined;
  const chance = Math.random();
  if (!IS_PARTITIONED || chance < 0.5) await group.kill();
  else if (chance < 0.8) {
    // Others go on meanwhile, and may be killed.
    stopping.push(group.stop(LEASE_S * 1000 * (1 + Math.random())));
    return "members stopped";
  } else {
    await group.replace();
    return "members replaced";
  }
  return "members killed";
}

const stopping: Promise<void>[] = [];
const startedAt = performance.now();
for (const group of groups) await Promise.all(Array.from({ length: PROCESSES_EACH }, () => group.spawn()));
const epochs = SERVICES.map((service) => watchEpochs(client, IS_PARTITIONED ? STREAMS : [], `${service}-workers`));
const faults = Object.entries(place.faults);
const strike = async (): Promise<string> => {
  const [name, fault] = any(faults);
  try {
    await fault(any(STREAMS));
    return name;
  } catch (error) {
    // On a machine that is too busy to say in time which node serves what.
    process.stderr.write(`\n${name}: ${String(error)}\n`);
    return `${name}, not seen to the end`;
  }
};
const acting = [
  publishing.run(),
  always(KILL_EVERY_MS, harm),
  ...(faults.length > 0 ? [always(STRIKE_EVERY_MS, strike)] : []),
];
while (!isOver()) {
  await sleep(1000);
  for (const group of groups) group.read();
  over = publishing.published === MESSAGES && groups.every(({ handled }) => handled === MESSAGES);
  const progress = groups.map(({ service, handled }) => `${service} ${handled}`).join(", ");
  process.stderr.write(`\r${publishing.published} published; ${progress}; ${JSON.stringify(done)}   `);
}
await Promise.all([...acting, ...stopping]);
// What was handled but not yet acknowledged when it ended may come again now.
await sleep(1000 * (2 * LEASE_S));
for (const group of groups) group.read();
process.stderr.write("\n");

const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
const letters = await Promise.all(STREAMS.map((stream) => client.xlen(`{${stream}}:dead`)));
const dead = letters.reduce((sum, count) => sum + count, 0);
const { published, rejected, losses, undone } = publishing;
console.log(`${published} messages, ${groups.length} groups, ${seconds} s, ${dead} dead letters`);
console.log({ ...done, rejected, losses, undone, failovers: place.undoings.length });
const entityOf = (serial: number): number => serial % ENTITIES;
const streamOf = (serial: number): string => publishing.streamOf(serial);
const verdicts = groups.map((group) =>
  group.judge({ undoings: place.undoings, moves: place.moves, entityOf, streamOf }),
);
const seen = await Promise.all(epochs.map((stop) => stop()));
console.table(
  Object.fromEntries(
    verdicts.map(({ again, stories: _, ...verdict }, at) => {
      const order = IS_ORDERED ? { ...verdict, ...seen[at] } : { handled: verdict.handled };
      return [SERVICES[at], { lost: published - verdict.handled, ...again, ...order }];
    }),
  ),
);
for (const story of verdicts.flatMap(({ stories }) => stories)) console.log(story);
const clean = verdicts.every(
  ({ handled, again, overlaps, inversions, againInversions }) =>
    handled === published && again.unexplained === 0 && (!IS_ORDERED || overlaps + inversions + againInversions === 0),
);
const whole = clean && dead === 0 && undone === 0 && seen.every(({ shared }) => shared === 0) && published === MESSAGES;
await Promise.all(groups.map((group) => group.close()));
await publishing.close();
await place.stop();
if (whole) rmSync(folder, { recursive: true, force: true });
else console.log(`The journals are in ${folder}.`);
process.exit(whole ? 0 : 1);
