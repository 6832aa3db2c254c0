import { type RedisServer, type StartRedisOptions, startRedis as startOne } from "../../runtime/testing/redis/index.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { forget, register } from "./registry.js";

export type * from "../../runtime/testing/redis/index.js";
export { findRedis, obtainRedis, RedisNotFoundError, RedisStartError } from "../../runtime/testing/redis/index.js";

/** Most tests want a Redis of no special kind for a while, and a cluster takes 2 s to form. */
const idle: ClusterAsRedis[] = [];

/** Starts a cluster of three masters, which stands for one Redis. */
export const startRedis: typeof startOne = async (options = {}) => {
  if (options.port !== undefined || options.configFile !== undefined) return startOne(options);
  const isPlain = Object.keys(options).length === 0;
  const waiting = isPlain ? idle.pop() : undefined;
  if (waiting !== undefined) return waiting.open();
  const more = options.arguments ?? [];
  // No master is to be replaced, and on a busy machine none is to be missed.
  const patient = ["--cluster-node-timeout", "15000"];
  const given = typeof more === "function" ? (port: number) => [...patient, ...more(port)] : [...patient, ...more];
  const cluster = await startCluster({ ...options, arguments: given, masters: 3 });
  const server = await ClusterAsRedis.of(cluster, isPlain);
  await setPassword(cluster, options.arguments);
  return server.open();
};

/** Nodes that talk to each other without a password are given theirs when they do. */
async function setPassword({ nodes }: RedisCluster, given: StartRedisOptions["arguments"]): Promise<void> {
  const words = typeof given === "function" ? [] : (given ?? []);
  const password = words[words.indexOf("--requirepass") + 1];
  if (!words.includes("--requirepass") || password === undefined) return;
  await Promise.all(
    nodes.map((node) => onNode(node, (client) => client.acl("SETUSER", "default", "resetpass", `>${password}`))),
  );
}

type NodeConfig = readonly (readonly [name: string, value: string])[];

/** All of its nodes are killed, stopped and started together. For the rest it is the master of `events`. */
class ClusterAsRedis implements RedisServer {
  readonly external = false;
  readonly #cluster: RedisCluster;
  readonly #main: RedisServer;
  /** As it was at the start, where it can be used again. */
  readonly #config: NodeConfig | undefined;
  #isStopped = false;

  private constructor(cluster: RedisCluster, main: RedisServer, config: NodeConfig | undefined) {
    this.#cluster = cluster;
    this.#main = main;
    this.#config = config;
  }

  static async of(cluster: RedisCluster, isPlain: boolean): Promise<ClusterAsRedis> {
    const main = await cluster.masterOf("events");
    return new ClusterAsRedis(cluster, main, isPlain ? await onNode(main, configOf) : undefined);
  }

  open(): this {
    this.#isStopped = false;
    const nodes = this.#cluster.seeds.split(",");
    for (const { port } of this.#cluster.nodes) register(port, { nodes });
    return this;
  }

  get host(): string {
    return this.#main.host;
  }
  get port(): number {
    return this.#main.port;
  }
  get url(): string {
    return this.#main.url;
  }
  get pid(): number {
    return this.#main.pid;
  }
  get running(): boolean {
    return this.#main.running;
  }
  get folder(): string {
    return this.#main.folder;
  }
  get flavour(): RedisServer["flavour"] {
    return this.#main.flavour;
  }
  get version(): string {
    return this.#main.version;
  }
  get log(): readonly string[] {
    return this.#main.log;
  }

  async kill(): Promise<void> {
    await Promise.all(this.#cluster.nodes.map((node) => node.kill()));
  }

  pause(): void {
    for (const node of this.#cluster.nodes) node.pause();
  }

  resume(): void {
    for (const node of this.#cluster.nodes) node.resume();
  }

  async restart(options?: { readonly keepData?: boolean }): Promise<void> {
    await Promise.all(this.#cluster.nodes.map((node) => node.restart(options)));
    await this.#cluster.ready();
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const { port } of this.#cluster.nodes) forget(port);
    const isClean = this.#config !== undefined && (await this.#clean(this.#config).catch(() => false));
    if (isClean) idle.push(this);
    else await this.#cluster.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Takes back what a test may have done to the nodes. */
  async #clean(config: NodeConfig): Promise<boolean> {
    const { nodes } = this.#cluster;
    if (nodes.some((node) => !node.running)) return false;
    this.resume();
    await Promise.all(
      nodes.map((node) =>
        onNode(node, async (client) => {
          await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
          const now = new Map(await configOf(client));
          for (const [name, value] of config) {
            if (now.get(name) !== value) await client.config("SET", name, value);
          }
          const users = (await client.call("ACL", "USERS")) as string[];
          const added = users.filter((user) => user !== "default" && user !== "replication");
          if (added.length > 0) await client.call("ACL", "DELUSER", ...added);
          await client.call("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all");
          await client.flushall();
          await client.script("FLUSH");
        }),
      ),
    );
    return true;
  }
}

async function configOf(client: { config(verb: "GET", what: string): Promise<unknown> }): Promise<NodeConfig> {
  const list = (await client.config("GET", "*")) as string[];
  return Array.from(
    { length: list.length / 2 },
    (_, index) => [list[2 * index] ?? "", list[2 * index + 1] ?? ""] as const,
  );
}
