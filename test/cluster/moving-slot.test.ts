import { afterAll, beforeAll, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../generated/index.js";
import { partitionNames } from "../../runtime/broker/partition.js";
import { SLOTS, slotOf } from "../../runtime/broker/slot.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { topologyKey } from "../../runtime/redis/keys.js";
import { eventually } from "../faults/patience.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { keySlot, onNode } from "../support/cluster-node.js";
import { createService, logBook } from "../support/service.js";

const STREAMS = partitionNames(["events"], 3, { slots: SLOTS, slotOf });

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** Has a slot begin to move: from now on its master refuses every script that names a key which does not exist. */
async function beginToMove(key: string): Promise<() => Promise<void>> {
  const slot = await keySlot(cluster.nodes, key);
  const from = await cluster.masterOf(key);
  const to = cluster.masters.find((master) => master !== from) as typeof from;
  const [source, target] = await Promise.all([from, to].map((node) => onNode(node, (c) => c.call("CLUSTER", "MYID"))));
  await onNode(to, (client) => client.call("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", String(source)));
  await onNode(from, (client) => client.call("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", String(target)));
  return async () => {
    for (const node of [from, to])
      await onNode(node, (client) => client.call("CLUSTER", "SETSLOT", `${slot}`, "STABLE"));
  };
}

it.each([1, 3])("a stream with %i partitions is read and settled while a slot with many keys moves", async (count) => {
  await cluster.flush();
  const master = await cluster.masterOf("events");
  if (count > 1) {
    const record = recordOf({ version: 1, streams: STREAMS, retired: [] });
    await onNode(master, (client) => client.hset(topologyKey("events"), record));
  }
  const logger = logBook();
  const handled = new Set<number>();
  await using billing = createService({}, { service: "billing", redis: cluster.address, logger });
  onUserCreated(billing, ({ entity_id }) => void handled.add(entity_id));
  await billing.start();
  const publish = async (from: number): Promise<void> => {
    const numbers = Array.from({ length: 30 }, (_, at) => from + at);
    const after_data = { email: "a@b.example" };
    await Promise.all(numbers.map((entity_id) => publishUserCreated(billing, { entity_id, after_data })));
    await eventually(() => numbers.every((entity_id) => handled.has(entity_id)));
    // What is handled and not settled would be handled again, should the process die.
    await eventually(async () => {
      const [pending] = await onNode(master, (client) => client.xpending("events", "billing-workers"));
      return pending === 0;
    });
  };
  await publish(1);
  const end = await beginToMove("events");
  try {
    await eventually(() => logger.lines.some(({ text }) => text.startsWith("retrying on events failed")));
    await publish(100);
  } finally {
    await end();
  }
});
