import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Messaging, onUserCreated, publishUserCreated } from "../../generated/index.js";
import { partitionNames } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { leaseKey, topologyKey } from "../../runtime/redis/keys.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

const GROUP = "billing-workers";
const STREAMS = partitionNames(["events"], 9, { slots: SLOTS, slotOf });
const PATIENT = { withinMs: 30_000 };

let cluster: RedisCluster;
let client: Redis;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
  client = cluster.connect();
});
afterAll(async () => {
  client.disconnect();
  await cluster.stop();
});

interface Lease {
  readonly owner: string;
  readonly epoch: number;
}

async function leaseOf(stream: string): Promise<Lease> {
  const [owner, epoch] = await client.hmget(leaseKey(stream, GROUP), "owner", "epoch");
  return { owner: owner ?? "", epoch: Number(epoch) };
}

it("a lease that a failover has undone is not given out twice", async () => {
  await client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] }));
  const redis = { ...cluster.address, connectionTimeoutSeconds: 10, socketTimeoutSeconds: 1 };
  const opened: Messaging[] = [];
  /** Who has handled something under each fence of a partition. */
  const fences = new Map<string, Set<string>>();
  const handled = new Set<number>();
  const join = async (): Promise<void> => {
    const settings = { service: "billing", leaseSeconds: 3, order: "entity", blockTimeMs: 200 } as const;
    const messaging = createService({}, { ...settings, redis });
    opened.push(messaging);
    onUserCreated(messaging, ({ entity_id }, { consumer, partition, fence }) => {
      const name = `${partition} ${fence}`;
      fences.set(name, (fences.get(name) ?? new Set()).add(consumer));
      handled.add(entity_id);
    });
    await messaging.start();
  };
  const leases = (streams: readonly string[]): Promise<Lease[]> => Promise.all(streams.map(leaseOf));
  await join();
  await eventually(async () => (await leases(STREAMS)).every(({ owner }) => owner !== ""), Boolean, PATIENT);
  const [first] = await leases(STREAMS);

  const home = await cluster.masterOf("events");
  const masters = await Promise.all(STREAMS.map((stream) => cluster.masterOf(stream)));
  const doomed = masters.find((master) => master !== home) ?? home;
  const there = STREAMS.filter((_, at) => masters[at] === doomed);
  // What happens to the leases there from now on is undone.
  await cluster.cutReplicasOf(doomed);
  await join();
  const isOthers = ({ owner }: Lease): boolean => owner !== "" && owner !== first?.owner;
  await eventually(async () => (await leases(STREAMS)).filter(isOthers).length === 4, Boolean, PATIENT);
  const before = await leases(there);
  expect(before.filter(isOthers)).not.toEqual([]);
  await doomed.kill();
  await cluster.replaced(doomed, there[0] as string);
  const undone = await leases(there);
  const lost = there.filter((_, at) => undone[at]?.epoch !== before[at]?.epoch);
  expect(lost).not.toEqual([]);

  await eventually(
    () => leases(lost),
    (now) =>
      now.every(
        (lease, at) => isOthers(lease) && lease.epoch > (before[there.indexOf(lost[at] as string)]?.epoch ?? 0),
      ),
    PATIENT,
  );
  const publisher = createService({}, { redis });
  opened.push(publisher);
  for (let entity_id = 1; entity_id <= 100; entity_id++) {
    const event = { entity_id, after_data: { email: "a@b.example" } };
    await eventually(() => publishUserCreated(publisher, event), Boolean, PATIENT);
  }
  await eventually(() => handled.size === 100, Boolean, PATIENT);
  expect([...fences.values()].filter(({ size }) => size > 1)).toEqual([]);
  await Promise.all(opened.map((each) => each.close()));
}, 120_000);
