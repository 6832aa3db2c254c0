import { printable } from "../../contract/printable.js";
import type { ClusterStatus, NodeStatus } from "../status/cluster-status.js";
import type { Status } from "../status/status.js";
import { listOf } from "../wording.js";
import { checkCluster, fixCluster, redisCli } from "./commands.js";
import type { Problem } from "./problem.js";
import type { Sickness } from "./sickness.js";

/** A sickness that only a cluster has. */
function ofCluster(find: (cluster: ClusterStatus, status: Status) => readonly Problem[]): Sickness {
  return (status) => (status.cluster === null ? [] : find(status.cluster, status));
}

/** Nothing is known of what a master has. */
export const masterIsAway: Sickness = ofCluster((cluster, status) =>
  cluster.nodes
    .filter(({ role, problem }) => role === "master" && problem !== null)
    .map((node) => ({
      severity: "critical",
      code: "MASTER_AWAY",
      sentence: `The master ${printable(node.address)} cannot be asked (${printable(node.problem ?? "")})${loss(status, node.address)}`,
      command: returnOf(node, cluster),
    })),
);

function loss({ unseen }: Status, address: string): string {
  const names = unseen.filter(({ master }) => master === address).map(({ name }) => printable(name));
  return names.length === 0 ? "" : `, so nothing is known of ${listOf(names)}`;
}

/** What brings back what a master had. */
function returnOf({ address }: NodeStatus, cluster: ClusterStatus): string {
  if (cluster.state === "ok" && cluster.failingSlots === 0) {
    return `see that ${printable(address)} runs; the other nodes do not miss it, so it may be that only this machine does not reach it: where it is reached at another address, say so in REDIS_NAT_MAP`;
  }
  const replica = cluster.nodes.find(({ master, problem }) => master === address && problem === null);
  if (replica === undefined) return `start ${printable(address)} again: no replica of it answers`;
  const masters = cluster.nodes.filter(({ role }) => role === "master");
  const isMajority = masters.filter(({ problem }) => problem === null).length > masters.length / 2;
  // Without a majority nobody can agree to a failover.
  return redisCli(replica, `cluster failover ${isMajority ? "force" : "takeover"}`);
}

/** Slots are nobody's. */
export const slotsAreUncovered: Sickness = ofCluster((cluster, { unseen }) => {
  if (cluster.uncovered.length === 0) return [];
  const names = unseen.filter(({ master }) => master === null).map(({ name }) => printable(name));
  const streams = names.length === 0 ? "" : `, so nothing can be published to ${listOf(names)}`;
  const sentence = `No master serves the slots ${listOf(cluster.uncovered.slice(0, MOST_RANGES))}${streams}`;
  return [{ severity: "critical", code: "SLOTS_UNCOVERED", sentence, command: fixCluster(anyOf(cluster)) }];
});

/** The cluster takes no messages. */
export const clusterIsDown: Sickness = ofCluster((cluster) => {
  if (cluster.state === "ok") return [];
  const sentence = `The cluster is down, as ${listOf(saying(cluster, "fail"))} says (cluster_state:fail): services can publish and consume nothing, or not everything`;
  return [{ severity: "critical", code: "CLUSTER_DOWN", sentence, command: checkCluster(anyOf(cluster)) }];
});

/** A stream is not seen although its master answers. */
export const streamsAreUnseen: Sickness = ofCluster((cluster, { unseen }) =>
  unseen
    .filter(({ master }) => cluster.nodes.some(({ address, problem }) => address === master && problem === null))
    .map(({ name, master, why }) => ({
      severity: "critical",
      code: "STREAM_UNSEEN",
      sentence: `Nothing is known of ${printable(name)}, because ${printable(master ?? "")} says: ${printable(why)}`,
      command: checkCluster(anyOf(cluster)),
      stream: name,
    })),
);

/** A node that the others have given up goes on by itself. */
export const nodeIsIsolated: Sickness = ofCluster((cluster) =>
  cluster.nodes
    .filter(({ problem, state, claims }) => problem === null && (claims > 0 || state !== cluster.state))
    .map((node) => {
      const { address, claims, epoch } = node;
      const isOld = claims > 0;
      const what = isOld
        ? `still takes itself for the master of ${claims} slots, which the others have given to another: what it is told is lost when it comes back`
        : "has lost the other nodes";
      const sentence = `${printable(address)} ${what} (its epoch is ${epoch ?? "unknown"}, theirs ${cluster.epoch})`;
      const severity = isOld ? "critical" : "warning";
      return { severity, code: "NODE_ISOLATED", sentence, command: redisCli(node, "cluster nodes") };
    }),
);

/** The next loss would not be mended by a failover. */
export const replicaIsAway: Sickness = ofCluster((cluster) =>
  cluster.nodes
    .filter(({ role, problem }) => role !== "master" && problem !== null)
    .map(({ address, role, master, problem }) => ({
      severity: "warning",
      code: "REPLICA_AWAY",
      sentence: `The ${role ?? "node"} ${printable(address)}${master === null ? "" : ` of ${printable(master)}`} cannot be asked (${printable(problem ?? "")})`,
      command: `start ${printable(address)} again, or see that this machine reaches it (REDIS_NAT_MAP)`,
    })),
);

/** Other masters have replicas, so this one had, or should. */
export const masterIsAlone: Sickness = ofCluster((cluster) => {
  const masters = cluster.nodes.filter(({ role }) => role === "master");
  const isAlone = (node: NodeStatus): boolean =>
    node.redis?.replicas === 0 ||
    (node.redis === null && !cluster.nodes.some(({ master, problem }) => master === node.address && problem === null));
  // Of one whose replica is away that is said already.
  const isKnown = (node: NodeStatus): boolean =>
    cluster.nodes.some(({ master, problem }) => master === node.address && problem !== null);
  const alone = masters.filter((node) => node.problem === null && isAlone(node) && !isKnown(node));
  if (alone.length === masters.length) return [];
  return alone.map((node) => ({
    severity: "warning",
    code: "MASTER_ALONE",
    sentence: `No replica follows the master ${printable(node.address)}: if it is lost, so is what it has`,
    command: redisCli(node, "info replication"),
  }));
});

/** A replica that has lost its master shows what was, and a failover to it loses what came since. */
export const replicaIsUnlinked: Sickness = ofCluster((cluster) =>
  cluster.nodes
    .filter(({ role, redis }) => role === "replica" && redis?.masterLinkUp === false)
    .filter(({ master }) => cluster.nodes.some(({ address, problem }) => address === master && problem === null))
    .map((node) => ({
      severity: "warning",
      code: "REPLICA_UNLINKED",
      sentence: `The replica ${printable(node.address)} has lost its link to ${printable(node.master ?? "its master")}, so it falls behind: a failover to it would lose what came since`,
      command: redisCli(node, "info replication"),
    })),
);

const MOST_RANGES = 5;

/** A node that answers, for the commands that ask any. */
function anyOf({ nodes }: ClusterStatus): NodeStatus {
  return (nodes.find(({ problem, role }) => problem === null && role === "master") ??
    nodes.find(({ problem }) => problem === null)) as NodeStatus;
}

function saying({ nodes }: ClusterStatus, state: NodeStatus["state"]): readonly string[] {
  return nodes.filter((node) => node.state === state).map(({ address }) => printable(address));
}
