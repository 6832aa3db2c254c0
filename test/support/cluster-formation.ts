import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { clusterInfo, onNode, replicationInfo, SLOTS, seesItWhole } from "./cluster-node.js";
import { eventually } from "./eventually.js";
import type { Network } from "./network.js";

/** Makes one cluster of nodes that do not know each other: masters first, then their replicas in turn. Gives their ids. */
export async function form(
  nodes: readonly RedisServer[],
  masterCount: number,
  network: Network | undefined,
): Promise<readonly string[]> {
  const masters = nodes.slice(0, masterCount);
  await Promise.all(
    masters.map((node, index) =>
      onNode(node, async (client) => {
        const [from, to] = [index, index + 1].map((share) => Math.floor((share * SLOTS) / masterCount));
        await client.call("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? 0) - 1));
        await client.call("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
      }),
    ),
  );
  const addresses = nodes.map(({ port }, index) => {
    const { data, bus } = network?.places[index] ?? { data: { port }, bus: { port: port + 10_000 } };
    return [data.port, bus.port] as const;
  });
  await introduce(nodes, addresses);
  await Promise.all(
    nodes.slice(masterCount).map((node, index) => follow(node, masters[index % masterCount] as RedisServer)),
  );
  await Promise.all(nodes.map((node) => seesItWhole(node, nodes.length)));
  return Promise.all(nodes.map(idOf));
}

/** @param addresses - of each node: where clients and replicas find it, and where the other nodes do */
async function introduce(
  nodes: readonly RedisServer[],
  addresses: readonly (readonly [port: number, busPort: number])[],
): Promise<void> {
  await onNode(nodes[0] as RedisServer, async (client) => {
    for (const [port, busPort] of addresses.slice(1)) {
      await client.call("CLUSTER", "MEET", "127.0.0.1", String(port), String(busPort));
    }
  });
  await Promise.all(
    nodes.map((node) =>
      eventually(
        () => onNode(node, clusterInfo),
        (seen) => seen["cluster_known_nodes"] === `${nodes.length}`,
        { what: `${node.url} knowing all others` },
      ),
    ),
  );
}

async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  const id = await idOf(master);
  await onNode(replica, async (client) => {
    // A replica that has not met its master yet refuses it.
    await eventually(() => client.call("CLUSTER", "REPLICATE", id));
    await eventually(
      () => replicationInfo(client),
      (seen) => seen["master_link_status"] === "up",
      { what: `${replica.url} replicating` },
    );
  });
}

function idOf(node: RedisServer): Promise<string> {
  return onNode(node, async (client) => String(await client.call("CLUSTER", "MYID")));
}
