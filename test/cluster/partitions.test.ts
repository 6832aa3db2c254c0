import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  handleCreateUser,
  handleValidateToken,
  type Messaging,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
} from "../../generated/index.js";
import { partitionNames } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { leaseKey, topologyKey } from "../../runtime/redis/keys.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

const GROUP = "billing-workers";
const ENTITIES = 30;
const STREAMS = partitionNames(["events"], 9, { slots: SLOTS, slotOf });
let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ masters: 3, replicas: 1 });
});
afterAll(() => cluster.stop());

async function onMasterOf<Reply>(key: string, work: (client: Redis) => Promise<Reply>): Promise<Reply> {
  const { host, port } = await cluster.masterOf(key);
  const client = new Redis({ host, port, retryStrategy: () => null });
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

const redis = (): object => ({
  cluster: { nodes: cluster.endpoints },
  connectionTimeoutSeconds: 10,
  socketTimeoutSeconds: 1,
});

/** How often a replica was waited for on each master of those streams. */
async function waits(streams: readonly string[]): Promise<readonly number[]> {
  const ask = (client: Redis): Promise<string> => client.info("commandstats");
  const stats = await Promise.all(streams.map((stream) => onMasterOf(stream, ask)));
  return stats.map((text) => Number(/^cmdstat_wait:calls=(\d+)/m.exec(text)?.[1] ?? 0));
}

/** How many connections of a service are open, on all nodes together. */
async function connectionsOf(service: string): Promise<number> {
  const lists = await Promise.all(
    cluster.nodes.map((node) => onNode(node, async (client) => String(await client.client("LIST")))),
  );
  return lists.join("\n").split(` name=${service}:`).length - 1;
}

describe("the partitions of a stream on three masters", () => {
  it("have a replica know of each owner, and of what is handed on, before what must not survive without it", async () => {
    const streams = partitionNames(["commands"], 3, { slots: SLOTS, slotOf });
    await onMasterOf("commands", (client) =>
      client.hset(topologyKey("commands"), recordOf({ version: 1, streams, retired: [] })),
    );
    const options = { service: "user-auth-service", leaseSeconds: 3, blockTimeMs: 200, redis: redis() };
    const opened = Array.from({ length: 2 }, () => createService({ url: "redis://unused:1" }, options));
    const [owner, other] = opened as [Messaging, Messaging];
    handleValidateToken(owner, () => ({ valid: true }));
    await owner.start();
    const group = "user-auth-service-workers";
    const owners = (): Promise<readonly (string | null)[]> =>
      Promise.all(
        streams.map((stream) => onMasterOf(stream, (client) => client.hget(leaseKey(stream, group), "owner"))),
      );
    await eventually(owners, (names) => names.every(Boolean));
    await eventually(
      () => waits(streams),
      (counts) => counts.every((count) => count > 0),
    );
    handleCreateUser(other, ({ payload }) => ({ user_id: Number(payload.email.split("@")[0]) }));
    await other.start();
    await eventually(owners, (names) => names.every(Boolean) && new Set(names).size === 2);
    const [before = 0] = await waits(["commands"]);
    const asked = Array.from({ length: 12 }, (_, at) => sendCreateUser(other, { email: `${at + 1}@b.example` }));
    expect((await Promise.all(asked)).map(({ user_id }) => user_id)).toEqual(asked.map((_, at) => at + 1));
    expect((await waits(["commands"]))[0]).toBeGreaterThan(before);
    await Promise.all(opened.map((each) => each.close()));
  }, 60_000);

  it("are shared, and the order of each entity is kept while masters fail over and are killed, and members come and go", async () => {
    await onMasterOf("events", (client) =>
      client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] })),
    );
    const handled: { entity: number; sequence: number }[] = [];
    const opened: Messaging[] = [];
    const member = async (): Promise<Messaging> => {
      const messaging = createService(
        { url: "redis://unused:1" },
        { service: "billing", leaseSeconds: 3, order: "entity", blockTimeMs: 200, redis: redis() },
      );
      opened.push(messaging);
      onUserCreated(messaging, ({ entity_id: entity, after_data }) => {
        handled.push({ entity: Number(entity), sequence: Number(after_data.email.split("@")[0]) });
      });
      await messaging.start();
      return messaging;
    };
    const publisher = createService({ url: "redis://unused:1" }, { redis: redis() });
    opened.push(publisher);
    const sent = new Map<number, number>();
    let going = true;
    const publishing = (async () => {
      for (let entity = 1; going; entity = (entity % ENTITIES) + 1) {
        const sequence = sent.get(entity) ?? 0;
        const message = { entity_id: entity, after_data: { email: `${sequence}@b.example` } };
        const id = crypto.randomUUID();
        await eventually(() => publishUserCreated(publisher, message, { id, once: true }), Boolean, {
          withinMs: 25_000,
        });
        sent.set(entity, sequence + 1);
      }
    })();

    const first = await member();
    await member();
    await eventually(() => expect(handled.length).toBeGreaterThan(50), undefined, { withinMs: 20_000 });
    await cluster.failOver(STREAMS[4] as string);
    await member();
    const killed = await cluster.masterOf(STREAMS[7] as string);
    await killed.kill();
    await cluster.replaced(killed, STREAMS[7] as string);
    await first.close();
    const before = handled.length;
    await eventually(() => expect(handled.length).toBeGreaterThan(before + 300), undefined, { withinMs: 30_000 });
    going = false;
    await publishing;
    const total = [...sent.values()].reduce((sum, count) => sum + count, 0);
    const distinct = (): number => new Set(handled.map(({ entity, sequence }) => `${entity} ${sequence}`)).size;
    await eventually(() => expect(distinct()).toBe(total), undefined, { withinMs: 30_000 });
    for (let entity = 1; entity <= ENTITIES; entity++) {
      const seen = handled.filter((each) => each.entity === entity).map(({ sequence }) => sequence);
      // What was being settled when its master died may come again, in its order; nothing comes before what precedes it.
      const firsts = seen.filter((sequence, at) => seen.indexOf(sequence) === at);
      expect(firsts).toEqual(firsts.toSorted((one, other) => one - other));
    }
    const owners = await Promise.all(
      STREAMS.map((stream) => onMasterOf(stream, (client) => client.hget(leaseKey(stream, GROUP), "owner"))),
    );
    expect(new Set(owners).size).toBe(2);
    process.stdout.write(`partitions on a cluster: ${total} published, ${handled.length} handled\n`);
    await Promise.all(opened.map((each) => each.close()));
  }, 120_000);
});

it("a process holds no more connections than REDIS_MAX_CONNECTIONS", async () => {
  await cluster.mend();
  await onMasterOf("events", (client) =>
    client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] })),
  );
  const options = { service: "bounded", leaseSeconds: 3, blockTimeMs: 200 };
  // Three for each master, three besides, and two partitions of nine.
  await using messaging = createService({}, { ...options, redis: { ...redis(), maxConnections: 14 } });
  const handled = new Set<number>();
  onUserCreated(messaging, ({ entity_id }) => void handled.add(Number(entity_id)));
  await messaging.start();
  let most = 0;
  for (let entity = 1; entity <= 60; entity++) {
    await publishUserCreated(messaging, { entity_id: entity, after_data: { email: "a@b.example" } });
    if (entity % 10 === 0) most = Math.max(most, await connectionsOf("bounded"));
  }
  await eventually(() => handled.size === 60);
  most = Math.max(most, await connectionsOf("bounded"));
  expect(most).toBeGreaterThan(5);
  expect(most).toBeLessThanOrEqual(14);
});
