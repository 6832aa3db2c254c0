import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { publishUserCreated } from "../../generated/index.js";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { type Child, startChild } from "../support/child.js";
import { createService } from "../support/service.js";
import { JournalReader } from "./journal.js";
import type { Role } from "./member.js";
import type { ServiceNews } from "./service.js";

/**
 * A million messages through three groups, whose processes are killed at random all the while. It ends when each group
 * has handled every message, or when its time is up, and says what was lost and what was handled twice.
 *
 *   node --import tsx test/faults/million.ts [--messages 1000000] [--minutes 20] [--kill-every 1] [--order]
 *
 * With --order the messages belong to entities, each group has one process at a time, and whatever is handled for the
 * first time after a later message of its entity counts, too.
 */
const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    minutes: { type: "string", default: "20" },
    "kill-every": { type: "string", default: "1" },
    order: { type: "boolean", default: false },
  },
});
const MESSAGES = Number(values.messages);
const DEADLINE = performance.now() + Number(values.minutes) * 60_000;
const KILL_EVERY_MS = Number(values["kill-every"]) * 1000;
const SERVICES = ["billing", "audit", "reporting"];
const PROCESSES_EACH = values.order ? 1 : 2;
const ENTITIES = values.order ? 1000 : MESSAGES;
/** What is published waits while more than so many entries are in the stream: a million need not fit into memory. */
const MOST_WAITING = 60_000;
const SLACK_MS = 200;

interface Member {
  readonly child: Child<ServiceNews>;
  readonly reader: JournalReader;
  killedAt: number;
}

interface Group {
  readonly service: string;
  readonly members: Member[];
  /** By serial number: how often it was handled, when last, and by which member. */
  readonly times: Uint8Array;
  readonly at: Float64Array;
  readonly by: Uint16Array;
  handled: number;
  duplicates: number;
  unexplained: number;
  /** By entity, the last message that was handled. */
  readonly last: Uint32Array;
  inversions: number;
}

const folder = mkdtempSync(join(tmpdir(), "merp-million-"));
const redis = await startRedis();
const client = new Redis(redis.url);
const publisher = createService({ url: redis.url }, { service: "publisher" });
const groups = SERVICES.map((service): Group => {
  const size = MESSAGES + 1;
  const records = { times: new Uint8Array(size), at: new Float64Array(size), by: new Uint16Array(size) };
  const counts = { handled: 0, duplicates: 0, unexplained: 0, inversions: 0 };
  return { service, members: [], ...records, ...counts, last: new Uint32Array(ENTITIES) };
});
let kills = 0;
let spawned = 0;
let published = 0;

async function spawn(group: Group): Promise<void> {
  const journal = join(folder, `${group.service}-${++spawned}`);
  const order = values.order ? "entity" : "none";
  const settings = { leaseSeconds: 3, concurrency: 200, blockTimeMs: 200, order } as const;
  const role: Role = { url: redis.url, service: group.service, journal, settings, brief: true };
  const child = await startChild<ServiceNews>(new URL("./service.ts", import.meta.url), {
    arguments: [JSON.stringify(role)],
  });
  group.members.push({ child, reader: new JournalReader(journal), killedAt: Number.POSITIVE_INFINITY });
  await child.next((news) => "ready" in news, { withinMs: 60_000 });
}

function read(group: Group): void {
  for (const [index, { reader }] of group.members.entries()) {
    for (const { serial, at } of reader.lines()) {
      const times = (group.times[serial] ?? 0) + 1;
      group.times[serial] = times;
      const entity = serial % ENTITIES;
      if (times === 1 && serial < (group.last[entity] as number)) group.inversions++;
      group.last[entity] = serial;
      if (times === 1) group.handled++;
      else {
        group.duplicates++;
        // Journals are read one after the other: which of the two came first is not known here.
        const byDead = [index, group.by[serial] as number].some((by) => {
          const killedAt = group.members[by]?.killedAt ?? Number.POSITIVE_INFINITY;
          return (
            killedAt !== Number.POSITIVE_INFINITY && Math.min(at, group.at[serial] as number) <= killedAt + SLACK_MS
          );
        });
        if (!byDead) group.unexplained++;
      }
      group.at[serial] = at;
      group.by[serial] = index;
    }
  }
}

async function publishAll(): Promise<void> {
  while (published < MESSAGES && performance.now() < DEADLINE) {
    if ((await client.xlen("events")) > MOST_WAITING) {
      await sleep(50);
      continue;
    }
    const count = Math.min(2000, MESSAGES - published);
    const batch = Array.from({ length: count }, (_, n) => published + n + 1);
    await Promise.all(
      batch.map((serial) =>
        publishUserCreated(publisher, {
          entity_id: 1 + (serial % ENTITIES),
          after_data: { email: "user@example.com" },
          metadata: { serial },
        }),
      ),
    );
    published += count;
  }
}

async function killAtRandom(over: () => boolean): Promise<void> {
  while (!over()) {
    await sleep(KILL_EVERY_MS * (0.5 + Math.random()));
    if (over()) return;
    const group = groups[Math.floor(Math.random() * groups.length)] as Group;
    const alive = group.members.filter(({ killedAt }) => killedAt === Number.POSITIVE_INFINITY);
    const victim = alive[Math.floor(Math.random() * alive.length)] as Member;
    victim.killedAt = Date.now();
    victim.child.kill();
    kills++;
    await spawn(group);
  }
}

const startedAt = performance.now();
for (const group of groups) await Promise.all(Array.from({ length: PROCESSES_EACH }, () => spawn(group)));
let over = false;
const publishing = publishAll();
const killing = killAtRandom(() => over);
while (!over) {
  await sleep(1000);
  for (const group of groups) read(group);
  const done = published === MESSAGES && groups.every(({ handled }) => handled === MESSAGES);
  over = done || performance.now() > DEADLINE;
  const progress = groups.map(({ service, handled }) => `${service} ${handled}`).join(", ");
  process.stderr.write(`\r${published} published; ${progress}; ${kills} kills   `);
}
await Promise.all([publishing, killing]);
// What was handled but not yet acknowledged when it ended may come again now.
await sleep(5000);
for (const group of groups) read(group);
process.stderr.write("\n");

const seconds = (performance.now() - startedAt) / 1000;
const dead = await client.xlen("{events}:dead");
console.log(
  `${published} messages, ${groups.length} groups, ${kills} kills, ${seconds.toFixed(0)} s, ${dead} dead letters`,
);
console.table(
  Object.fromEntries(
    groups.map(({ service, handled, duplicates, unexplained, inversions }) => {
      const share = `${((100 * duplicates) / published).toFixed(3)} %`;
      const order = values.order ? { inversions } : {};
      return [service, { handled, lost: published - handled, duplicates, share, unexplained, ...order }];
    }),
  ),
);
await Promise.all(groups.flatMap(({ members }) => members.map(({ child }) => child.stop())));
await publisher.close();
client.disconnect();
await redis.stop();
rmSync(folder, { recursive: true, force: true });
const clean = groups.every(
  ({ handled, unexplained, inversions }) =>
    handled === published && unexplained === 0 && (inversions === 0 || !values.order),
);
process.exit(clean && dead === 0 && published === MESSAGES ? 0 : 1);
