import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Messaging, onUserCreated, userCreated } from "../../../generated/index.js";
import { recordOf, type Topology } from "../../../runtime/broker/topology.js";
import { leaseKey, shareKeys, topologyKey } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const { redis, admin } = await useRedis();
const GROUP = "billing-workers";
const STREAMS = ["events", ...Array.from({ length: 7 }, (_, at) => `events:${at + 1}`)];
const SETTINGS = { service: "billing", leaseSeconds: 1, order: "entity", blockTimeMs: 200 } as const;
let opened: Messaging[];

beforeEach(async () => {
  await admin.flushall();
  opened = [];
  await partition({ version: 1, streams: STREAMS, retired: [] });
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
});

async function partition(topology: Topology): Promise<void> {
  await admin.hset(topologyKey("events"), recordOf(topology));
}

interface Handled {
  readonly entity: number;
  readonly sequence: number;
  readonly by: string;
  readonly partition: number | undefined;
  readonly fence: number | undefined;
}

/** A member of the group, that notes what it handles. */
async function member(handled: Handled[], settings: Parameters<typeof createService>[1] = {}): Promise<Messaging> {
  const messaging = createService(redis, { ...SETTINGS, ...settings });
  opened.push(messaging);
  onUserCreated(messaging, ({ entity_id: entity, after_data }, { consumer: by, partition, fence }) => {
    handled.push({ entity: Number(entity), sequence: Number(after_data.email.split("@")[0]), by, partition, fence });
  });
  await messaging.start();
  return messaging;
}

/** Who owns each partition now. */
async function owners(): Promise<readonly (string | null)[]> {
  return Promise.all(STREAMS.map((stream) => admin.hget(leaseKey(stream, GROUP), "owner")));
}

async function sharesOf(): Promise<readonly number[]> {
  const all = await owners();
  const names = new Set(all.filter((name) => name));
  return [...names].map((name) => all.filter((each) => each === name).length).sort();
}

async function publish(messaging: Messaging, from: number, rounds: number, entities = 20): Promise<void> {
  for (let round = from; round < from + rounds; round++) {
    await messaging.publishAll(
      userCreated,
      Array.from({ length: entities }, (_, at) => ({
        entity_id: at + 1,
        after_data: { email: `${round}@b.example` },
      })),
    );
  }
}

/** Whether each entity's messages were handled in their order, each once. */
function expectOrder(handled: readonly Handled[], rounds: number, entities = 20): void {
  for (let entity = 1; entity <= entities; entity++) {
    const sequence = handled.filter((each) => each.entity === entity).map((each) => each.sequence);
    expect(sequence).toEqual(Array.from({ length: rounds }, (_, at) => at));
  }
}

describe("a group that shares the partitions of a stream", () => {
  it("has one owner for each, hands them over as members come and go, and keeps the order of each entity", async () => {
    const handled: Handled[] = [];
    const first = await member(handled);
    await eventually(async () => expect(await sharesOf()).toEqual([8]));
    const publisher = createService(redis);
    opened.push(publisher);
    await publish(publisher, 0, 5);
    await member(handled);
    await publish(publisher, 5, 20);
    await eventually(async () => expect(await sharesOf()).toEqual([4, 4]));
    await member(handled);
    await publish(publisher, 25, 20);
    await eventually(async () => expect(await sharesOf()).toEqual([2, 3, 3]));
    await publish(publisher, 45, 5);
    await first.close();
    await publish(publisher, 50, 5);
    await eventually(async () => expect(await sharesOf()).toEqual([4, 4]));
    await eventually(() => expect(handled.length).toBeGreaterThanOrEqual(20 * 55));
    expectOrder(handled, 55);
    expect(new Set(handled.map(({ by }) => by)).size).toBe(3);
    for (const { partition, fence } of handled) {
      expect(partition).toBeLessThan(8);
      expect(fence).toBeGreaterThan(1e12);
    }
  });
});

it("leaves nothing behind when the last member has left but the epochs", async () => {
  const messaging = await member([]);
  await eventually(async () => expect(await sharesOf()).toEqual([8]));
  await messaging.close();
  const { members, plan } = shareKeys("events", GROUP);
  expect(await admin.exists(members, plan)).toBe(0);
  expect(await owners()).toEqual(STREAMS.map(() => ""));
});
