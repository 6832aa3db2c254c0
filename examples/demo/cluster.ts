import { setTimeout as sleep } from "node:timers/promises";
import { type RedisServer, startRedis } from "@m-erp/messaging/testing";
import { Redis } from "ioredis";

const MASTERS = 3;
const SLOTS = 16_384;

/** Six private Redis servers that form a cluster: three masters, and a replica of each. Disposal ends them. */
export class DemoCluster implements AsyncDisposable {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<DemoCluster> {
    const settings = [
      "--cluster-enabled",
      "yes",
      "--cluster-node-timeout",
      "1000",
      "--cluster-require-full-coverage",
      "no",
    ];
    const servers = await Promise.all(Array.from({ length: 2 * MASTERS }, () => startRedis({ arguments: settings })));
    const cluster = new DemoCluster(servers);
    try {
      await cluster.#form();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** For `REDIS_CLUSTER_NODES`. */
  get nodes(): readonly string[] {
    return this.servers.map(({ host, port }) => `${host}:${port}`);
  }

  /** The server whose master serves a stream, as the servers that run see it. */
  async masterOf(stream: string): Promise<RedisServer> {
    for (const server of this.servers.filter(({ running }) => running)) {
      const port = await ask(server, async (client) => {
        const slot = await client.cluster("KEYSLOT", stream);
        const ranges = await client.cluster("SLOTS");
        return ranges.find(([first, last]) => Number(first) <= slot && slot <= Number(last))?.[2]?.[1];
      });
      const master = this.servers.find((each) => each.port === port);
      if (master?.running) return master;
    }
    await sleep(20);
    return this.masterOf(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async #form(): Promise<void> {
    const [masters, replicas] = [this.servers.slice(0, MASTERS), this.servers.slice(MASTERS)];
    const ids = await Promise.all(
      masters.map((server, at) =>
        ask(server, async (client) => {
          const [from, to] = [at, at + 1].map((share) => Math.floor((share * SLOTS) / MASTERS)) as [number, number];
          await client.call("CLUSTER", "ADDSLOTSRANGE", from, to - 1);
          await client.call("CLUSTER", "SET-CONFIG-EPOCH", at + 1);
          return String(await client.call("CLUSTER", "MYID"));
        }),
      ),
    );
    const [first, ...others] = this.servers as [RedisServer, ...RedisServer[]];
    await ask(first, (client) => Promise.all(others.map(({ host, port }) => client.cluster("MEET", host, port))));
    // A replica that has not met its master yet refuses it.
    await Promise.all(
      replicas.map((server, at) =>
        until(() => ask(server, (client) => client.call("CLUSTER", "REPLICATE", `${ids[at]}`))),
      ),
    );
    await Promise.all(this.servers.map((server) => until(() => isWhole(server))));
  }
}

async function isWhole(server: RedisServer): Promise<void> {
  await ask(server, async (client) => {
    const [cluster, replication] = [String(await client.cluster("INFO")), await client.info("replication")];
    if (!cluster.includes("cluster_state:ok") || replication.includes("master_link_status:down"))
      throw new Error("not yet");
  });
}

async function ask<Answer>({ url }: RedisServer, question: (client: Redis) => Promise<Answer>): Promise<Answer> {
  const client = new Redis(url, { retryStrategy: () => null });
  client.on("error", () => {});
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

const PATIENCE_MS = 30_000;

async function until(succeed: () => Promise<unknown>): Promise<void> {
  for (const giveUpAt = performance.now() + PATIENCE_MS; ; await sleep(50)) {
    try {
      await succeed();
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw new Error("The servers have not become a cluster", { cause: error });
    }
  }
}
