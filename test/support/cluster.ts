import { Redis } from "ioredis";

import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "./eventually.js";

export interface StartClusterOptions {
  /** @defaultValue 3, the fewest that can agree on a failover */
  readonly masters?: number;
  /** Of each master. @defaultValue 0 */
  readonly replicas?: 0 | 1;
  /** More arguments for every node. */
  readonly arguments?: readonly string[];
}

/** A Redis Cluster of plain processes. It takes about 2 s to form, most of them Redis' own: share one in a file. */
export interface RedisCluster extends AsyncDisposable {
  /** As they were at the start; a failover changes roles, not these lists. */
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];
  /** Masters first. */
  readonly nodes: readonly RedisServer[];
  /** For `new Cluster(endpoints)`. */
  readonly endpoints: { readonly host: string; readonly port: number }[];
  /** Waits until every running node finds the cluster whole. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

const slots = 16_384;

/** A dead master is replaced within three of these, so that a failover test takes seconds and not a minute. */
const nodeTimeoutMs = 1_000;

export async function startCluster(options: StartClusterOptions = {}): Promise<RedisCluster> {
  const masterCount = options.masters ?? 3;
  const count = masterCount * (1 + (options.replicas ?? 0));
  const started = await Promise.allSettled(
    Array.from({ length: count }, () =>
      startRedis({
        arguments: [
          ...["--cluster-enabled", "yes", "--cluster-node-timeout", String(nodeTimeoutMs)],
          ...["--cluster-replica-validity-factor", "0", "--cluster-allow-replica-migration", "no"],
          ...["--repl-diskless-sync-delay", "0", ...(options.arguments ?? [])],
        ],
      }),
    ),
  );
  const nodes = started.flatMap((node) => (node.status === "fulfilled" ? [node.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const node of started) {
      if (node.status === "rejected") {
        throw node.reason;
      }
    }
    await form(nodes, masterCount);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    masters: nodes.slice(0, masterCount),
    replicas: nodes.slice(masterCount),
    nodes,
    endpoints: nodes.map(({ host, port }) => ({ host, port })),
    ready: () => allSeeItWhole(nodes),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function form(nodes: readonly RedisServer[], masterCount: number): Promise<void> {
  const clients = nodes.map(connect);
  try {
    const masters = clients.slice(0, masterCount);
    await Promise.all(
      masters.map(async (client, index) => {
        const [from, to] = [index, index + 1].map((share) => Math.floor((share * slots) / masterCount));
        await client.call("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? 0) - 1));
        await client.call("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
      }),
    );
    const [first] = clients;
    await Promise.all(nodes.slice(1).map(({ host, port }) => first?.call("CLUSTER", "MEET", host, String(port))));
    await Promise.all(
      clients.map((client) =>
        eventually(
          () => info(client),
          (seen) => seen["cluster_known_nodes"] === `${nodes.length}`,
        ),
      ),
    );
    await Promise.all(
      clients.slice(masterCount).map(async (replica, index) => {
        const master = String(await masters[index % masterCount]?.call("CLUSTER", "MYID"));
        // A replica that has not met its master yet refuses it.
        await eventually(() => replica.call("CLUSTER", "REPLICATE", master));
        await eventually(
          () => replica.info("replication"),
          (text) => text.includes("master_link_status:up"),
        );
      }),
    );
    await allSeeItWhole(nodes);
  } finally {
    for (const client of clients) {
      client.disconnect();
    }
  }
}

async function allSeeItWhole(nodes: readonly RedisServer[]): Promise<void> {
  await Promise.all(
    nodes
      .filter((node) => node.running)
      .map(async (node) => {
        const client = connect(node);
        try {
          await eventually(
            () => info(client),
            (seen) => seen["cluster_state"] === "ok" && seen["cluster_slots_ok"] === String(slots),
            { what: `the cluster as ${node.url} sees it`, withinMs: 20_000 },
          );
        } finally {
          client.disconnect();
        }
      }),
  );
}

/** `CLUSTER INFO` as names and values. */
async function info(client: Redis): Promise<Record<string, string>> {
  const text = String(await client.call("CLUSTER", "INFO"));
  return Object.fromEntries(text.split("\r\n").map((line) => line.split(":") as [string, string]));
}

function connect({ host, port }: RedisServer): Redis {
  const client = new Redis({ host, port });
  client.on("error", () => {}); // What fails is told by the command that fails.
  return client;
}
