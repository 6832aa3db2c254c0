import { Redis } from "ioredis";
import type { RedisOptions } from "../../runtime/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { cutReplicas, joinReplicas, onNode, replicationInfo } from "./cluster-node.js";
import { eventually } from "./eventually.js";
import { Network } from "./network.js";
import { MASTER_NAME, SentinelSettings, type StartSentinelOptions } from "./sentinel-settings.js";

/**
 * Starts a master, its replicas, and the sentinels that watch them, all of them with short periods.
 *
 * @example
 * ```ts
 * await using redis = await startSentinel();
 * await (await redis.masterOf()).kill();
 * ```
 */
export async function startSentinel(options: StartSentinelOptions = {}): Promise<SentinelRedis> {
  const count = 1 + (options.replicas ?? 2) + (options.sentinels ?? 3);
  const network = options.network ? await Network.create(count) : undefined;
  const settings = new SentinelSettings(options, network);
  const started: RedisServer[] = [];
  const start = async (...wanted: readonly Parameters<typeof startRedis>[]): Promise<void> => {
    const all = await Promise.allSettled(wanted.map((one) => startRedis(...one)));
    started.push(...all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
    const failed = all.find((one) => one.status === "rejected");
    if (failed) {
      throw failed.reason;
    }
    network?.connect(started);
  };
  try {
    await start([settings.node(0)]);
    const masterPort = settings.portOf(0, started[0]?.port ?? 0);
    const indexes = Array.from({ length: count - 1 }, (_, index) => index + 1);
    const { nodeCount } = settings;
    await start(
      ...indexes.map((index): [object] => [
        index < nodeCount ? settings.node(index, masterPort) : settings.sentinel(index, masterPort),
      ]),
    );
    const redis = new SentinelRedis(started, settings, network);
    await redis.hasten();
    await redis.ready();
    return redis;
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()));
    await network?.close();
    throw error;
  }
}

/** Redis under sentinels, and what can happen to it. Its servers can be killed, stopped and resumed as any other. */
export class SentinelRedis implements AsyncDisposable {
  /** The first was the master at the start. */
  readonly nodes: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** By which servers can be cut off, nodes first, where it was asked for. */
  readonly network: Network | undefined;
  /** The authority of its certificates, where it has TLS. */
  readonly ca: string | undefined;
  readonly #all: readonly RedisServer[];
  readonly #settings: SentinelSettings;

  constructor(all: readonly RedisServer[], settings: SentinelSettings, network: Network | undefined) {
    this.#all = all;
    this.nodes = all.slice(0, settings.nodeCount);
    this.sentinels = all.slice(settings.nodeCount);
    this.network = network;
    this.ca = settings.ca;
    this.#settings = settings;
  }

  /** For `REDIS_SENTINELS`. */
  get seeds(): string {
    return this.sentinels.map((sentinel) => `127.0.0.1:${this.#portOf(sentinel)}`).join(",");
  }

  /** For `redis` of a messaging. */
  get address(): RedisOptions {
    return { sentinel: { sentinels: this.seeds.split(","), master: MASTER_NAME } };
  }

  /** A client that finds the master. */
  connect(): Redis {
    const sentinels = this.sentinels.map(({ host, port }) => ({ host, port }));
    const client = new Redis({
      sentinels,
      name: MASTER_NAME,
      sentinelRetryStrategy: () => 50,
      retryStrategy: () => 50,
    });
    client.on("error", () => {});
    return client;
  }

  /** One of the other nodes that run. */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    return this.#running(this.nodes).find((node) => node !== master) as RedisServer;
  }

  /** The master, as the best informed of the sentinels sees it. */
  async masterOf(_key?: string): Promise<RedisServer> {
    return eventually(
      async () => {
        const views = await Promise.all(this.#running(this.sentinels).map((one) => viewOf(one).catch(() => undefined)));
        const [best] = views.filter((view) => view !== undefined).sort((one, other) => other.epoch - one.epoch);
        return this.nodes.find((node) => this.#portOf(node) === best?.port);
      },
      (node) => node !== undefined,
      { what: "a master that a sentinel names", everyMs: 5 },
    ) as Promise<RedisServer>;
  }

  /** Waits until another node than this one, which is away, is the master. Sentinels that vote for themselves try again later. */
  async replaced(former: RedisServer, _key?: string): Promise<RedisServer> {
    return eventually(
      () => this.masterOf(),
      (master) => master !== former,
      { what: "another master", withinMs: 60_000, everyMs: 50 },
    );
  }

  /** A failover without a need, which the last sentinel is asked for. Resolves to the new master. */
  async failOver(_key?: string): Promise<RedisServer> {
    const former = await this.masterOf();
    const sentinel = this.#running(this.sentinels).at(-1);
    // One that has just failed over refuses for a while.
    await eventually(() =>
      onNode(sentinel as RedisServer, (client) => client.call("SENTINEL", "FAILOVER", MASTER_NAME)),
    );
    return this.replaced(former);
  }

  /** From now on nothing that this master is told reaches its replicas. Neither it nor its clients notice. */
  cutReplicasOf(master: RedisServer): Promise<void> {
    return cutReplicas(master);
  }

  /** Has every server run, reach the others and replicate again, and waits until it does. */
  async mend(): Promise<void> {
    this.network?.heal();
    for (const server of this.#all) {
      server.resume();
      if (!server.running) {
        await server.restart();
      }
    }
    await Promise.all(this.nodes.map(joinReplicas));
    await this.hasten();
    await this.ready();
  }

  /** Has the sentinels look every 100 ms, and talk every 400 ms. A sentinel that was started again has forgotten it. */
  async hasten(): Promise<void> {
    // Four of the last are how long the others let a promoted replica be, before the one that promotes it says so.
    const periods = ["INFO-PERIOD", "100", "PING-PERIOD", "100", "ASK-PERIOD", "100", "PUBLISH-PERIOD", "400"];
    const all = this.#running(this.sentinels);
    await Promise.all(all.map((one) => onNode(one, (client) => client.call("SENTINEL", "DEBUG", ...periods))));
  }

  /** Waits until every running sentinel names the same master, and all others, and every replica has its data. */
  async ready(): Promise<void> {
    const replicas = this.#running(this.nodes).length - 1;
    await eventually(
      async () => {
        const views = await Promise.all(this.#running(this.sentinels).map(viewOf));
        const roles = await Promise.all(this.#running(this.nodes).map((node) => onNode(node, replicationInfo)));
        const ports = new Set(views.map(({ port }) => port));
        return {
          masters: [...ports],
          agree:
            ports.size === 1 &&
            views.every(({ flags, others }) => flags === "master" && others === this.sentinels.length - 1),
          following: roles.filter(
            (seen) => seen["master_link_status"] === "up" && ports.has(Number(seen["master_port"])),
          ).length,
        };
      },
      ({ agree, following }) => agree && following === replicas,
      { what: "sentinels that agree, and replicas that follow,", withinMs: 20_000 },
    );
  }

  /** Removes all data. */
  async flush(): Promise<void> {
    await onNode(await this.masterOf(), (client) => client.flushall());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((server) => server.stop()));
    await this.network?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #running(servers: readonly RedisServer[]): readonly RedisServer[] {
    return servers.filter((server) => server.running);
  }

  #portOf(server: RedisServer): number {
    return this.#settings.portOf(this.#all.indexOf(server), server.port);
  }
}

interface SentinelView {
  readonly port: number;
  readonly epoch: number;
  readonly flags: string;
  /** How many other sentinels it knows. */
  readonly others: number;
}

async function viewOf(sentinel: RedisServer): Promise<SentinelView> {
  const late = AbortSignal.timeout(500);
  const look = onNode(sentinel, async (client) => {
    const list = (await client.call("SENTINEL", "MASTER", MASTER_NAME)) as string[];
    const seen = Object.fromEntries(
      Array.from({ length: list.length / 2 }, (_, index) => list.slice(2 * index, 2 * index + 2) as [string, string]),
    );
    return {
      port: Number(seen["port"]),
      epoch: Number(seen["config-epoch"]),
      flags: seen["flags"] ?? "",
      others: Number(seen["num-other-sentinels"]),
    };
  });
  const hangs = new Promise<never>((_, reject) => {
    late.addEventListener("abort", () => reject(new Error(`${sentinel.url} hangs`)));
  });
  return Promise.race([look, hangs]);
}
