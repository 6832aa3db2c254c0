import type { PartitionState } from "../../broker/partition-control.js";
import { readStreams, type Topology } from "../../broker/topology.js";
import type { Client } from "../../redis/connection.js";
import { leaseKey } from "../../redis/keys.js";
import { groupsWithLag } from "../../redis/lag.js";
import { field } from "../../redis/reply.js";
import type { AtStream } from "../routes.js";

export async function partitionStates(at: AtStream, topology: Topology): Promise<readonly PartitionState[]> {
  const states: PartitionState[] = [];
  for (const stream of readStreams(topology)) {
    const isRetired = topology.retired.includes(stream);
    states.push({ stream, isRetired, ...(await at(stream, (client) => workIn(client, stream))) });
  }
  return states;
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
