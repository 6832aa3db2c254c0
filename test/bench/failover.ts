// `npm run bench:failover`: how long publishing pauses while servers of a cluster, or under sentinels, are replaced, into
// docs/scaling.md. `npm run bench:failover -- 1` takes one round instead of three.

import { setTimeout as sleep } from "node:timers/promises";
import { type Messaging, MessagingError, notifySuccess, publishUserCreated } from "../../generated/index.js";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import type { Installation } from "../cluster/stage.js";
import { startCluster } from "../support/cluster.js";
import { startSentinel } from "../support/sentinel.js";
import { createService } from "../support/service.js";
import { writeBetween } from "./document.js";
import { spreadOf } from "./statistics.js";

const ROUNDS = Number(process.argv[2] ?? 3);
/** How long it goes on: longer than any failover here. Nobody looks meanwhile, since looking would hold the publishers up. */
const AFTER_MS = 6000;

interface Fault {
  readonly name: string;
  /** What happens to the master of `events`. */
  strike(): Promise<unknown>;
}

/** Publishes one after another, and gives the longest time between two that were confirmed. */
function publishAlways(publish: () => Promise<unknown>): () => Promise<number> {
  let [going, last, longest] = [true, performance.now(), 0];
  const publishing = (async () => {
    while (going) {
      try {
        await publish();
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      } catch (error) {
        if (!(error instanceof MessagingError)) throw error;
      }
      await sleep(1);
    }
  })();
  return async () => {
    going = false;
    await publishing;
    return Math.max(longest, performance.now() - last);
  };
}

async function gaps(installation: Installation, { strike }: Fault): Promise<{ own: number; other: number }> {
  await installation.mend();
  await installation.flush();
  const redis = { ...installation.address, socketTimeoutSeconds: 1 };
  const open = (): Messaging => createService({}, { service: "publisher", redis });
  await using events = open();
  await using notifications = open();
  const event = { entity_id: 1, after_data: { email: "user@example.com" } };
  const notice = { title: "t", message: "m", target_user_id: 1 };
  await Promise.all([publishUserCreated(events, event), notifySuccess(notifications, notice)]);
  const [own, other] = [
    publishAlways(() => publishUserCreated(events, event)),
    publishAlways(() => notifySuccess(notifications, notice)),
  ];
  await sleep(500);
  await strike();
  await sleep(AFTER_MS);
  return { own: await own(), other: await other() };
}

function faultsOf(installation: Installation): Fault[] {
  const master = (): Promise<RedisServer> => installation.masterOf("events");
  return [
    { name: "nothing", strike: async () => {} },
    { name: "its master is killed", strike: async () => (await master()).kill() },
    { name: "its master hangs", strike: async () => (await master()).pause() },
    { name: "a planned failover", strike: () => installation.failOver("events") },
  ];
}

async function rows(title: string, installation: Installation, faults: readonly Fault[]): Promise<string[]> {
  const lines: string[] = [];
  for (const fault of faults) {
    const own: number[] = [];
    const other: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const gap = await gaps(installation, fault);
      own.push(gap.own);
      other.push(gap.other);
    }
    const row = `| ${title} | ${fault.name} | ${shown(own)} | ${title === "Sentinel" ? "the same" : shown(other)} |`;
    process.stdout.write(`${row}\n`);
    lines.push(row);
  }
  return lines;
}

function shown(gapsMs: readonly number[]): string {
  const text = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
  return `${text(spreadOf([...gapsMs]).median)} (at most ${text(Math.max(...gapsMs))})`;
}

const table = [
  "| | What happens to the stream's master | Its longest pause | That of a stream on another master |",
  "|---|---|--:|--:|",
];
{
  await using cluster = await startCluster({ replicas: 1 });
  const moving = { name: "its slot moves, key by key", strike: () => cluster.moveSlotOf("events", 5) };
  table.push(...(await rows("Cluster", cluster, [...faultsOf(cluster), moving])));
}
{
  await using redis = await startSentinel();
  const away = {
    name: "all sentinels are killed",
    strike: () => Promise.all(redis.sentinels.map((one) => one.kill())),
  };
  table.push(...(await rows("Sentinel", redis, [...faultsOf(redis), away])));
}
writeBetween("docs/scaling.md", "failover", table.join("\n"));
