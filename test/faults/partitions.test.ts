import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { partitionNames } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { leaseKey, topologyKey } from "../../runtime/redis/keys.js";
import { type SeenEpochs, watchEpochs } from "./epochs.js";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import type { ServiceProcess } from "./service-process.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");
const STREAMS = partitionNames(["events"], 16, { slots: SLOTS, slotOf });
const ENTITIES = 100;
const entityOf = (serial: number): number => serial % ENTITIES;

const part = {
  behaviours: [
    { do: "throw", every: 37, attempts: 1 },
    { do: "wait", ms: 3 },
  ],
  settings: { order: "entity", leaseSeconds: 2, retryDelaySeconds: 0.05, concurrency: 20, maxRetries: 100 },
} as const;

/** A stage whose stream has sixteen partitions, and members that share them. */
async function open(members: number): Promise<{ stage: Stage; members: ServiceProcess[] }> {
  const stage = await Stage.open();
  await stage.client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] }));
  stage.ledger.follow(GROUP);
  return { stage, members: await Promise.all(Array.from({ length: members }, () => stage.spawn("billing", part))) };
}

async function owners(stage: Stage): Promise<readonly (string | null)[]> {
  return Promise.all(STREAMS.map((stream) => stage.client.hget(leaseKey(stream, GROUP), "owner")));
}

async function pending(stage: Stage): Promise<number> {
  const found = await Promise.all(STREAMS.map(async (stream) => (await stage.client.xpending(stream, GROUP))[0]));
  return found.reduce<number>((sum, count) => sum + Number(count), 0);
}

/** Every message was handled, an entity's in order, and twice only for what was done to its members. */
async function expectWhole(stage: Stage, stopEpochs: () => Promise<SeenEpochs>): Promise<void> {
  await stage.handledAll(["billing"]);
  await eventually(
    () => pending(stage),
    (count) => count === 0,
    { withinMs: 60_000, everyMs: 50, what: "nothing pending" },
  );
  const course = stage.ledger.course(GROUP, entityOf);
  const { lost, unexplained, duplicates, handled } = stage.account("billing");
  const epochs = await stopEpochs();
  process.stdout.write(
    `partitions: ${handled} handled, ${duplicates.length} twice, ${course.inversions} out of order, ${epochs.shared + epochs.smaller + epochs.reused} wrong epochs\n`,
  );
  expect({ ...course, mostAtOnce: undefined, epochs }).toEqual({
    inversions: [],
    overlaps: [],
    mostAtOnce: undefined,
    epochs: { smaller: 0, reused: 0, shared: 0 },
  });
  expect(lost).toEqual([]);
  expect(unexplained).toEqual([]);
}

describe.concurrent("the messages of an entity come in order, to whoever owns its partition, and none is lost", () => {
  it("when members are replaced one after another, and nothing is handled twice", async () => {
    const { stage, members } = await open(3);
    await using _ = stage;
    const stopEpochs = watchEpochs(stage.client, STREAMS, GROUP);
    const stop = stage.publishAlways(1, { entities: ENTITIES });
    for (let times = 0; times < scaled(3, 30); times++) {
      const [oldest] = members.splice(0, 1);
      members.push(await stage.spawn("billing", part));
      oldest?.child.kill("SIGTERM");
      await oldest?.child.exited;
      await sleep(300);
    }
    await stop();
    await expectWhole(stage, stopEpochs);
    expect(stage.account("billing").duplicates).toEqual([]);
    // A partition that is handed over has no owner for a moment.
    await eventually(
      () => owners(stage),
      (names) => names.every(Boolean) && new Set(names).size === 3,
    );
  });

  it("when members are killed, and every partition has an owner again within two leases", async () => {
    const { stage, members } = await open(3);
    await using _ = stage;
    const stopEpochs = watchEpochs(stage.client, STREAMS, GROUP);
    const stop = stage.publishAlways(1, { entities: ENTITIES });
    for (let kills = 0; kills < scaled(2, 20); kills++) {
      await sleep(700);
      // One that owns nothing yet would leave no partition behind.
      const names = await eventually(
        async () => new Set(await owners(stage)),
        (owning) => owning.size === members.length && !owning.has(""),
        { withinMs: 30_000, everyMs: 20, what: "a share for each member" },
      );
      const [victim] = members.splice(Math.floor(Math.random() * members.length), 1);
      await victim?.kill();
      const since = performance.now();
      members.push(await stage.spawn("billing", part));
      await eventually(
        async () => {
          const now = await owners(stage);
          return now.every(Boolean) && [...names].some((name) => !now.includes(name));
        },
        Boolean,
        { withinMs: 30_000, everyMs: 20, what: "an owner for each partition" },
      );
      stage.measure("partitions of a killed member owned again", since);
    }
    await stop();
    await expectWhole(stage, stopEpochs);
  });

  it("when members are stopped for longer than a lease and go on: what they read or settle then changes nothing", async () => {
    const { stage, members } = await open(3);
    await using _ = stage;
    const stopEpochs = watchEpochs(stage.client, STREAMS, GROUP);
    const stop = stage.publishAlways(1, { entities: ENTITIES });
    for (let times = 0; times < scaled(2, 20); times++) {
      await sleep(700);
      await members[times % members.length]?.freeze(4500);
      await sleep(500);
    }
    await stop();
    await expectWhole(stage, stopEpochs);
    await eventually(
      async () => new Set(await owners(stage)).size,
      (count) => count === 3,
      {
        withinMs: 20_000,
        everyMs: 50,
        what: "a share for each member",
      },
    );
  });
});
