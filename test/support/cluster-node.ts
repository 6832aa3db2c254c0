import { Redis } from "ioredis";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { replicationUser } from "./acl-users.js";
import { eventually } from "./eventually.js";

/** How many slots a cluster has. */
export const SLOTS = 16_384;

/** Talks to one node, over a connection of its own that ends with the work. */
export async function onNode<T>({ host, port }: RedisServer, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ host, port, retryStrategy: () => null });
  client.on("error", () => {}); // What fails is told by the command that fails.
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** From now on nothing that a master is told reaches its replicas. Neither it nor its clients notice. */
export async function cutReplicas(master: RedisServer): Promise<void> {
  await onNode(master, async (client) => {
    await client.call("ACL", "SETUSER", replicationUser, "off");
    await client.call("CLIENT", "KILL", "TYPE", "replica");
  });
}

/** Has the replicas of a node, if it is a master, reach it again. */
export async function joinReplicas(node: RedisServer): Promise<void> {
  await onNode(node, (client) => client.call("ACL", "SETUSER", replicationUser, "on"));
}

/** `CLUSTER INFO` as names and values. */
export async function clusterInfo(client: Redis): Promise<Readonly<Record<string, string>>> {
  return namesAndValues(String(await client.call("CLUSTER", "INFO")));
}

/** `INFO replication` as names and values. */
export async function replicationInfo(client: Redis): Promise<Readonly<Record<string, string>>> {
  return namesAndValues(await client.info("replication"));
}

function namesAndValues(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split("\r\n").map((line) => line.split(":") as [string, string]));
}

/** One line of `CLUSTER NODES`. */
export interface SeenNode {
  readonly id: string;
  readonly port: number;
  readonly isMaster: boolean;
  readonly isFailed: boolean;
  /** The id of a replica's master. */
  readonly master: string | undefined;
  readonly slots: readonly (readonly [first: number, last: number])[];
}

/** The cluster as one node sees it. */
export async function nodesSeenBy(client: Redis): Promise<readonly SeenNode[]> {
  const text = String(await client.call("CLUSTER", "NODES"));
  return text.split("\n").filter(Boolean).map(readNode);
}

/** `<id> <ip>:<port>@<bus>[,<hostname>] <flags> <master> <ping> <pong> <epoch> <link> <slots>…` */
function readNode(line: string): SeenNode {
  const [id = "", address = "", flags = "", master, , , , , ...slots] = line.split(" ");
  const all = flags.split(",");
  return {
    id,
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    isMaster: all.includes("master"),
    isFailed: all.includes("fail") || all.includes("fail?"),
    master: master === "-" ? undefined : master,
    // A slot that is moving stands in brackets, and still among the others.
    slots: slots
      .filter((range) => !range.startsWith("["))
      .map((range) => range.split("-").map(Number) as [number, number?])
      .map(([first, last = first]) => [first, last] as const),
  };
}

/** What a node says of its cluster. */
export interface ClusterView {
  readonly epoch: number;
  readonly nodes: readonly SeenNode[];
}

/** The cluster as the best informed of its nodes sees it: one that is cut off from the others knows of an older epoch. */
export async function clusterView(nodes: readonly RedisServer[]): Promise<ClusterView> {
  const running = nodes.filter((node) => node.running);
  // One that hangs keeps its connections, and answers nothing. On a busy machine all take longer.
  for (let limitMs = 500; limitMs <= 4000; limitMs *= 2) {
    const views = await Promise.all(running.map((node) => viewOf(node, limitMs).catch(() => undefined)));
    const [best] = views.filter((view) => view !== undefined).sort((one, other) => other.epoch - one.epoch);
    if (best !== undefined) return best;
  }
  throw new Error("No node of the cluster finds it well.");
}

async function viewOf(node: RedisServer, limitMs: number): Promise<ClusterView | undefined> {
  const late = AbortSignal.timeout(limitMs);
  return Promise.race([
    onNode(node, async (client) => {
      const [info, nodes] = await Promise.all([clusterInfo(client), nodesSeenBy(client)]);
      return info["cluster_state"] === "ok" ? { epoch: Number(info["cluster_current_epoch"]), nodes } : undefined;
    }),
    new Promise<undefined>((resolve) => late.addEventListener("abort", () => resolve(undefined))),
  ]);
}

/** The slot of a key, from whichever node answers first. */
export function keySlot(nodes: readonly RedisServer[], key: string): Promise<number> {
  const running = nodes.filter((node) => node.running);
  return Promise.any(
    running.map((node) => onNode(node, async (client) => Number(await client.call("CLUSTER", "KEYSLOT", key)))),
  );
}

/** Waits until a node finds the cluster whole. */
export async function seesItWhole(node: RedisServer, count: number): Promise<void> {
  await eventually(
    () =>
      onNode(node, async (client) => {
        const info = await clusterInfo(client);
        return (
          info["cluster_state"] === "ok" &&
          info["cluster_slots_ok"] === `${SLOTS}` &&
          Number(info["cluster_known_nodes"]) >= count
        );
      }),
    Boolean,
    { what: `the whole cluster, as ${node.url} sees it,`, withinMs: 20_000 },
  );
}
