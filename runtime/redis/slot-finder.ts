import { addressOf, type NodeAddress } from "../config/redis-nodes.js";
import { type NodeFinder, NodeNotFoundError } from "./node-finder.js";
import type { Topology } from "./topology.js";

/** Finds the master that serves a slot at present. */
export function slotFinder(topology: Topology, slot: number): NodeFinder {
  return {
    wantsMaster: true,
    async find(isLost) {
      if (isLost || topology.ownerOf(slot) === undefined) await topology.refresh();
      const owner = topology.ownerOf(slot);
      if (owner !== undefined) return owner;
      throw noMaster(slot);
    },
  };
}

export function noMaster(slot: number): NodeNotFoundError {
  return new NodeNotFoundError(`no master serves slot ${slot}: assign it (redis-cli --cluster fix)`);
}

/** Finds any node of a cluster, and another one each time that one was lost. */
export function anyNodeFinder(topology: Topology, chance: () => number): NodeFinder {
  let last: NodeAddress | undefined;
  return {
    wantsMaster: false,
    async find(isLost) {
      if (!topology.isKnown) await topology.refresh();
      // A node that is alive may serve although the cluster is down.
      else if (isLost) await topology.refresh().catch(() => {});
      const others = topology.nodes.filter((node) => last === undefined || addressOf(node) !== addressOf(last));
      last = others[Math.floor(chance() * others.length)] ?? last ?? (topology.nodes[0] as NodeAddress);
      return last;
    },
  };
}
