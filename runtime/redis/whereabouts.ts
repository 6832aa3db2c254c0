import type { RedisConfig } from "../config/redis-config.js";
import { addressOf, type NodeAddress } from "../config/redis-nodes.js";
import type { Clock } from "../time/clock.js";
import { NodeSearch } from "./node-finder.js";
import { type Sentinels, sentinelsOf } from "./sentinels.js";
import { anyNodeFinder, slotFinder } from "./slot-finder.js";
import { type Topology, topologyOf } from "./topology.js";

/** Replies of a node of a cluster which mean that it may not serve the slot any more, or not for now. */
const MOVED = /^(MOVED|CLUSTERDOWN|MASTERDOWN|UNBLOCKED)/;

/** Where a connection belongs: to one Redis, to the master that Sentinel watches, to a slot's master, or to any node. */
export class Whereabouts {
  /** `undefined` for one Redis, which stays where it is. */
  readonly search: NodeSearch | undefined;
  readonly #topology: Topology | undefined;
  readonly #sentinels: Sentinels | undefined;
  readonly #slot: number | undefined;
  /** Whether nothing is lost but what is found again when the connection is given up in the midst of a command. */
  readonly #isDedicated: boolean;

  constructor(
    config: RedisConfig,
    clock: Clock,
    place: { readonly slot: number | undefined; readonly isDedicated: boolean },
  ) {
    const topology = topologyOf(config, clock);
    const { slot } = place;
    this.#topology = topology;
    this.#slot = slot;
    this.#isDedicated = place.isDedicated;
    const inCluster =
      topology && (slot === undefined ? anyNodeFinder(topology, () => clock.chance()) : slotFinder(topology, slot));
    this.#sentinels = sentinelsOf(config, clock);
    const finder = inCluster ?? this.#sentinels;
    this.search = finder && new NodeSearch(finder);
  }

  /** The address of what was found last; empty if nothing was. */
  get node(): string {
    const node = this.search?.node;
    return node === undefined ? "" : addressOf(node);
  }

  /** Whether a node does not stay the one for its connections. */
  get follows(): boolean {
    return this.#topology !== undefined;
  }

  /** Whether the connection is to be given up at once because of an error reply. */
  leavesOn({ message }: Error): boolean {
    // The master has become a replica: the next connection may reach the new master.
    if (message.startsWith("READONLY")) return true;
    this.#sentinels?.note(message);
    if (this.#topology === undefined || !MOVED.test(message)) return false;
    this.#topology.note(message);
    return this.#isDedicated;
  }

  /** Calls back when another node than the one that was found is the master. Returns what ends that. */
  onMoved(call: () => void): () => void {
    const [topology, slot, sentinels] = [this.#topology, this.#slot, this.#sentinels];
    const compare = (master: NodeAddress | undefined): void => {
      const node = this.search?.node;
      if (master !== undefined && node !== undefined && addressOf(master) !== addressOf(node)) call();
    };
    if (sentinels !== undefined) return sentinels.onChange(() => compare(sentinels.master));
    if (topology === undefined || slot === undefined) return () => {};
    return topology.onChange(() => compare(topology.ownerOf(slot)));
  }

  /** What was found last, for error texts; empty if nothing was. */
  get described(): string {
    const node = this.search?.node;
    if (node === undefined) return "";
    const what =
      this.#topology === undefined
        ? "the master"
        : this.#slot === undefined
          ? "a node"
          : `the master of slot ${this.#slot}`;
    return `${what} was last announced at ${addressOf(node)}`;
  }
}
