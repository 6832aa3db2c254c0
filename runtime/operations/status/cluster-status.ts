import type { RedisStatus } from "./redis-status.js";

/** A Redis Cluster, as its nodes tell it. */
export interface ClusterStatus {
  /** What the best informed node says of the cluster. `fail`: it takes no messages, or not for all streams. */
  readonly state: "ok" | "fail";
  /** The newest epoch. It grows with every failover. */
  readonly epoch: number;
  /** The masters by their slots, each with its replicas behind it; then those that are neither. */
  readonly nodes: readonly NodeStatus[];
  /** The ranges of slots that no master serves: `0-5460`. */
  readonly uncovered: readonly string[];
  /** Slots whose master the cluster itself cannot reach. */
  readonly failingSlots: number;
}

/** One node of a cluster. */
export interface NodeStatus {
  /** Where it is reached from here. */
  readonly address: string;
  /** By what the cluster says. `null`: it does not list the node, or as one without slots. */
  readonly role: "master" | "replica" | null;
  /** The address of a replica's master. */
  readonly master: string | null;
  /** How many slots it serves. */
  readonly slots: number;
  /** Why it could not be asked. */
  readonly problem: string | null;
  /** What it says of the cluster itself. */
  readonly state: "ok" | "fail" | null;
  readonly epoch: number | null;
  /** Slots that it takes for its own and the others give to another. */
  readonly claims: number;
  /** `null` if it could not be asked. */
  readonly redis: RedisStatus | null;
}

/** A stream of which nothing is known, and why. */
export interface UnseenStream {
  /** Its whole name. */
  readonly name: string;
  /** The address of the master that has it; `null` if there is none. */
  readonly master: string | null;
  readonly why: string;
}
