import { SLOTS } from "../broker/slot.js";
import { addressOf, type NodeAddress } from "../config/redis-nodes.js";

/** What one node knows of its cluster. */
export class ClusterView {
  readonly epoch: number;
  /** Masters and replicas. */
  readonly nodes: readonly NodeAddress[];
  /** The master of each slot. */
  readonly owners: readonly (NodeAddress | undefined)[];
  /** The masters, each by the lowest of its slots. */
  readonly leaders: ReadonlyMap<number, NodeAddress>;
  readonly #leaderOf = new Int16Array(SLOTS).fill(-1);

  constructor(epoch: number, nodes: readonly NodeAddress[], owners: readonly (NodeAddress | undefined)[]) {
    this.epoch = epoch;
    this.nodes = nodes;
    this.owners = owners;
    const leaders = new Map<number, NodeAddress>();
    const leaderAt = new Map<string, number>();
    for (const [slot, owner] of owners.entries()) {
      if (owner === undefined) continue;
      const address = addressOf(owner);
      const leader = leaderAt.get(address) ?? slot;
      leaderAt.set(address, leader);
      leaders.set(leader, owner);
      this.#leaderOf[slot] = leader;
    }
    this.leaders = leaders;
  }

  /** The lowest slot of the master that serves this one. */
  leaderOf(slot: number): number | undefined {
    const leader = this.#leaderOf[slot] as number;
    return leader < 0 ? undefined : leader;
  }

  /** Whether the same masters serve the same slots. */
  equals({ owners }: ClusterView): boolean {
    return this.owners.every((owner, slot) => owner?.host === owners[slot]?.host && owner?.port === owners[slot]?.port);
  }
}

/** A range of slots, and who serves it: the master first. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly nodes: readonly NodeAddress[];
}

/** The facts of `CLUSTER INFO`, by their names. */
export function factsIn(info: string): ReadonlyMap<string, string> {
  return new Map(info.split(/\r?\n/).map((line) => line.split(":") as [string, string]));
}

/**
 * Reads the reply to `CLUSTER SLOTS`.
 *
 * @param reached - where a node is reached, which may be announced without a host
 * @throws {Error} when it tells no host of some nodes
 */
export function rangesIn(
  slots: readonly unknown[],
  reached: (announced: NodeAddress) => NodeAddress,
): readonly SlotRange[] {
  return (slots as readonly [number, number, ...(readonly unknown[])[]][]).map(([first, last, ...servers]) => ({
    ...{ first, last },
    nodes: servers.map(([host, port]) => {
      if (host === "?") throw new Error("it tells no host of some nodes: set cluster-announce-hostname on each");
      return reached({ host: typeof host === "string" ? host : "", port: Number(port) });
    }),
  }));
}

/**
 * Reads the replies to `CLUSTER INFO` and `CLUSTER SLOTS`.
 *
 * @param reached - where a node is reached, which may be announced without a host
 * @throws {Error} when the node finds the cluster down, or names no node that can be reached
 */
export function readView(
  info: string,
  slots: readonly unknown[],
  reached: (announced: NodeAddress) => NodeAddress,
): ClusterView {
  const facts = factsIn(info);
  const state = facts.get("cluster_state");
  if (state !== "ok") {
    const covered = facts.get("cluster_slots_ok");
    throw new Error(`the cluster is down (cluster_state:${state}, ${covered} of ${SLOTS} slots are served)`);
  }
  const owners = new Array<NodeAddress | undefined>(SLOTS).fill(undefined);
  const ranges = rangesIn(slots, reached);
  for (const { first, last, nodes } of ranges) owners.fill(nodes[0], first, last + 1);
  const nodes = ranges.flatMap((range) => range.nodes);
  if (nodes.length === 0) throw new Error("no node of the cluster serves any slot");
  return new ClusterView(Number(facts.get("cluster_current_epoch") ?? 0), nodes, owners);
}
