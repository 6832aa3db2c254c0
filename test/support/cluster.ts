import { Cluster, type Redis } from "ioredis";
import type { RedisOptions } from "../../runtime/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { form } from "./cluster-formation.js";
import {
  clusterView,
  cutReplicas,
  joinReplicas,
  keySlot,
  onNode,
  replicationInfo,
  type SeenNode,
  seesItWhole,
} from "./cluster-node.js";
import { type ClusterSettings, clusterSettings, type StartClusterOptions, tlsPortOf } from "./cluster-settings.js";
import { eventually } from "./eventually.js";
import { Network } from "./network.js";
import { moveSlot } from "./slot-move.js";

/**
 * Starts a Redis Cluster of plain processes. It takes about 2 s to form, most of them Redis' own: share one in a file.
 *
 * @example
 * ```ts
 * await using cluster = await startCluster({ replicas: 1 });
 * const master = await cluster.masterOf("events");
 * await master.kill();
 * ```
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<RedisCluster> {
  const masterCount = options.masters ?? 3;
  const count = masterCount * (1 + (options.replicas ?? 0));
  const network = options.network ? await Network.create(count) : undefined;
  const settings = clusterSettings(count, options, network);
  const started = await Promise.allSettled(Array.from({ length: count }, (_, index) => startRedis(settings.of(index))));
  const nodes = started.flatMap((node) => (node.status === "fulfilled" ? [node.value] : []));
  try {
    for (const node of started) {
      if (node.status === "rejected") {
        throw node.reason;
      }
    }
    network?.connect(nodes);
    const ids = await form(nodes, masterCount, network);
    return new RedisCluster({ nodes, ids, masterCount, settings, network });
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    await network?.close();
    throw error;
  }
}

interface ClusterParts {
  readonly nodes: readonly RedisServer[];
  readonly ids: readonly string[];
  readonly masterCount: number;
  readonly settings: ClusterSettings;
  readonly network: Network | undefined;
}

/** A cluster that runs, and what can happen to it. Its nodes can be killed, stopped and resumed as any server. */
export class RedisCluster implements AsyncDisposable {
  /** Masters first, as they were at the start: a failover changes roles, not this list. */
  readonly nodes: readonly RedisServer[];
  /** By which nodes can be cut off, where it was asked for. */
  readonly network: Network | undefined;
  /** The authority of its certificates, where it has TLS. */
  readonly ca: string | undefined;
  readonly #ids: readonly string[];
  readonly #masterCount: number;

  constructor({ nodes, ids, masterCount, settings, network }: ClusterParts) {
    this.nodes = nodes;
    this.network = network;
    this.ca = settings.ca;
    this.#ids = ids;
    this.#masterCount = masterCount;
  }

  /** As they were at the start. */
  get masters(): readonly RedisServer[] {
    return this.nodes.slice(0, this.#masterCount);
  }

  /** As they were at the start. */
  get replicas(): readonly RedisServer[] {
    return this.nodes.slice(this.#masterCount);
  }

  /** For a client of the tests' own: without TLS, and past the network that can be cut. */
  get endpoints(): { readonly host: string; readonly port: number }[] {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  /** For `REDIS_CLUSTER_NODES`. */
  get seeds(): string {
    const ports = this.network ? this.network.places.map(({ data }) => data.port) : this.nodes.map(({ port }) => port);
    return ports.map((port) => `127.0.0.1:${this.ca === undefined ? port : tlsPortOf(port)}`).join(",");
  }

  /** For `redis` of a messaging. */
  get address(): RedisOptions {
    return { cluster: { nodes: this.seeds.split(",") } };
  }

  /** A client that finds the master of each key. It is one of the driver's own, unlike those of a messaging. */
  connect(): Redis {
    const client = new Cluster(this.endpoints, {
      clusterRetryStrategy: () => 50,
      retryDelayOnClusterDown: 50,
      redisOptions: { maxRetriesPerRequest: 20 },
    });
    client.on("error", () => {});
    // It has the same commands.
    return client as unknown as Redis;
  }

  /** The node that serves a key now. */
  async masterOf(key: string): Promise<RedisServer> {
    const slot = await keySlot(this.nodes, key);
    return eventually(
      async () => {
        const { nodes } = await clusterView(this.nodes);
        return this.#find(nodes, ({ slots }) => slots.some(([first, last]) => first <= slot && slot <= last));
      },
      (node) => node !== undefined,
      { what: `a master of ${key}`, withinMs: 30_000, everyMs: 5 },
    ) as Promise<RedisServer>;
  }

  /** One that replicates this one now. */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    const id = this.#ids[this.nodes.indexOf(master)];
    return eventually(
      async () => this.#find((await clusterView(this.nodes)).nodes, (node) => node.master === id && !node.isFailed),
      (node) => node !== undefined,
      { what: `a replica of ${master.url}`, withinMs: 30_000 },
    ) as Promise<RedisServer>;
  }

  /** Waits until another node than this one, which is away, serves a key. */
  async replaced(former: RedisServer, key: string): Promise<RedisServer> {
    return eventually(
      () => this.masterOf(key),
      (master) => master !== former,
      { what: `another master of ${key}`, withinMs: 60_000, everyMs: 50 },
    );
  }

  /** A planned failover: a replica takes the place of the key's master, and nothing is undone. Resolves to the new master. */
  async failOver(key: string): Promise<RedisServer> {
    const former = await this.masterOf(key);
    const replica = await this.replicaOf(former);
    await onNode(replica, (client) => client.call("CLUSTER", "FAILOVER"));
    return this.replaced(former, key);
  }

  /** Moves a key's slot to another master, a few keys at a time with pauses between. Resolves to the new master. */
  async moveSlotOf(key: string, pauseMs = 0, keysAtOnce = 1): Promise<RedisServer> {
    const from = await this.masterOf(key);
    const masters = await this.#mastersNow();
    const to = masters.find((master) => master !== from) as RedisServer;
    await moveSlot({ slot: await keySlot(this.nodes, key), from, to, masters, pauseMs, keysAtOnce });
    return to;
  }

  /** From now on nothing that this master is told reaches its replicas. Neither it nor its clients notice. */
  cutReplicasOf(master: RedisServer): Promise<void> {
    return cutReplicas(master);
  }

  /** Has every node run, reach the others and replicate again, and waits until it does. */
  async mend(): Promise<void> {
    this.network?.heal();
    await Promise.all(
      this.nodes.map(async (node) => {
        node.resume();
        if (!node.running) {
          await node.restart();
        }
        await joinReplicas(node);
      }),
    );
    await this.ready();
  }

  /** Waits until every running node finds the cluster whole, and every replica has its master's data. */
  async ready(): Promise<void> {
    const running = this.nodes.filter((node) => node.running);
    await Promise.all(running.map((node) => seesItWhole(node, this.nodes.length)));
    await Promise.all(
      running.map((node) =>
        eventually(
          () => onNode(node, replicationInfo),
          (seen) => seen["role"] === "master" || seen["master_link_status"] === "up",
          { what: `${node.url} replicating`, withinMs: 20_000 },
        ),
      ),
    );
  }

  /** Removes all data. */
  async flush(): Promise<void> {
    await Promise.all((await this.#mastersNow()).map((master) => onNode(master, (client) => client.flushall())));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.network?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #mastersNow(): Promise<RedisServer[]> {
    // On a busy machine none may answer in time.
    const { nodes } = await eventually(() => clusterView(this.nodes), Boolean, {
      what: "the masters",
      withinMs: 30_000,
    });
    return nodes
      .filter(({ isFailed, slots }) => !isFailed && slots.length > 0)
      .flatMap(({ id }) => this.nodes[this.#ids.indexOf(id)] ?? []);
  }

  #find(seen: readonly SeenNode[], isMeant: (node: SeenNode) => boolean): RedisServer | undefined {
    const id = seen.find(isMeant)?.id;
    return id === undefined ? undefined : this.nodes[this.#ids.indexOf(id)];
  }
}
