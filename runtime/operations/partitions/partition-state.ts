import { readStreams, type Topology } from "../../broker/topology.js";
import type { Client } from "../../redis/connection.js";
import { leaseKey } from "../../redis/keys.js";
import { groupsWithLag } from "../../redis/lag.js";
import { field } from "../../redis/reply.js";
import type { AtStream } from "../routes.js";

/** One partition of a stream. */
export interface PartitionState {
  /** The whole name of its stream. */
  readonly stream: string;
  /** Nothing is published to it any more; it is read until it is empty. */
  readonly isRetired: boolean;
  readonly entries: number;
  readonly groups: readonly PartitionGroup[];
}

/** What a group has to do in a partition. */
export interface PartitionGroup {
  readonly group: string;
  /** The member that reads it; `undefined` while none does. */
  readonly owner: string | undefined;
  /** Grows with each owner; `undefined` where it never had one. */
  readonly epoch: number | undefined;
  /** `null` where Redis cannot tell. */
  readonly lag: number | null;
  readonly pending: number;
}

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
