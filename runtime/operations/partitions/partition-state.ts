import type { PartitionState } from "../../broker/partition-control.js";
import { readStreams, type Topology } from "../../broker/topology.js";
import type { Client } from "../../redis/connection.js";
import { leaseKey } from "../../redis/keys.js";
import { groupsWithLag } from "../../redis/lag.js";
import { field } from "../../redis/reply.js";
import { askEach, type Seen } from "../ask-each.js";
import type { AtStream, Routes } from "../routes.js";

/** What each group has to do in the partitions of a stream, which masters of a cluster have that may be away. */
export function partitionStates(
  routes: Pick<Routes, "hasMasters">,
  at: AtStream,
  topology: Topology,
): Promise<Seen<PartitionState>> {
  return askEach(routes, readStreams(topology), async (stream) => ({
    ...{ stream, isRetired: topology.retired.includes(stream) },
    ...(await at(stream, (client) => workIn(client, stream))),
  }));
}

async function workIn(client: Client, stream: string): Promise<Pick<PartitionState, "entries" | "groups">> {
  if ((await client.exists(stream)) === 0) return { entries: 0, groups: [] };
  const [entries, { groups }] = await Promise.all([client.xlen(stream), groupsWithLag(client, stream)]);
  const found = groups.map(async ({ info, lag }) => {
    const group = String(field(info, "name"));
    const [owner, epoch] = await client.hmget(leaseKey(stream, group), "owner", "epoch").catch(() => []);
    return {
      ...{ group, lag, pending: Number(field(info, "pending")) },
      owner: owner || undefined,
      epoch: epoch == null ? undefined : Number(epoch),
    };
  });
  return { entries, groups: await Promise.all(found) };
}
