import type { Redis } from "ioredis";
import type { ClusterConfig } from "../config/redis-cluster.js";
import type { RedisConfig } from "../config/redis-config.js";
import { addressOf, type NodeAddress, nodeOf } from "../config/redis-nodes.js";
import { ClosedError } from "../errors.js";
import type { Clock, Timer } from "../time/clock.js";
import { Pause } from "../time/pause.js";
import { type ClusterView, readView } from "./cluster-view.js";
import { askAs } from "./node-access.js";
import { NodeNotFoundError, reachedAt } from "./node-finder.js";
import { isRefused } from "./unreachable.js";

/** No more often than this are nodes asked. */
const PAUSE_MS = 100;
/** When a node has not answered for so long, the next is asked as well. */
const PATIENCE_MS = 300;
const NEVER = new AbortController().signal;

/**
 * Which master serves which slot, as the cluster says it. A node is not believed that finds the cluster down, or that is of
 * an older epoch than what is known: an old master that has lost the others goes on for a while.
 */
export class Topology {
  readonly #config: RedisConfig;
  readonly #cluster: ClusterConfig;
  readonly #clock: Clock;
  readonly #changed = new Set<() => void>();
  #view: ClusterView | undefined;
  /** A node that is likely to know more than others. */
  #hint: NodeAddress | undefined;
  #refreshing: Promise<void> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(config: RedisConfig, cluster: ClusterConfig, clock: Clock) {
    this.#config = config;
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Whether the cluster has been asked with success. */
  get isKnown(): boolean {
    return this.#view !== undefined;
  }

  /** All nodes that are known, masters and replicas. */
  get nodes(): readonly NodeAddress[] {
    const found = new Map<string, NodeAddress>();
    for (const node of [...this.#cluster.nodes, ...(this.#view?.nodes ?? [])]) found.set(addressOf(node), node);
    return [...found.values()];
  }

  /** Those that serve slots, each by the lowest of its slots. */
  get leaders(): ReadonlyMap<number, NodeAddress> {
    return this.#view?.leaders ?? new Map();
  }

  /** The master that served a slot when the cluster was last asked. */
  ownerOf(slot: number): NodeAddress | undefined {
    return this.#view?.owners[slot];
  }

  /** The lowest slot of the master that serves this one. After a failover it is the same, so connections are kept by it. */
  leaderOf(slot: number): number | undefined {
    return this.#view?.leaderOf(slot);
  }

  /** Calls back after each change. Returns what ends that. */
  onChange(call: () => void): () => void {
    this.#changed.add(call);
    return () => void this.#changed.delete(call);
  }

  /** Asks one node after the other, until one answers. */
  async ask<Reply>(question: (client: Redis) => Promise<Reply>): Promise<Reply> {
    let failure: unknown;
    for (const node of shuffled(this.nodes, this.#clock)) {
      try {
        return await this.#askOne(node, question);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Asks again and again until nothing is missing. @throws what is missing, or why nobody answers, after so long */
  async until(missing: () => Error | undefined, limitMs: number, signal: AbortSignal = NEVER): Promise<void> {
    const until = this.#clock.now() + limitMs;
    const pause = new Pause(signal, this.#clock, () => {});
    do {
      const failure = await this.refresh().then(missing, (error: Error) => error);
      if (failure === undefined) return;
      if (this.#clock.now() >= until || isRefused(failure)) throw failure;
    } while (await pause.for(PAUSE_MS));
    throw new ClosedError("looking for a node of the cluster");
  }

  /** Takes notice of an error reply which says, or may mean, that a slot has moved. */
  note(reply: string): void {
    const [, moved] = /^MOVED \d+ (\S+)/.exec(reply) ?? [];
    // An IPv6 address stands there without brackets, and one that is the same as before without its host.
    const node = nodeOf(moved?.replace(/^([\da-f:]+:[\da-f:]*):(\d+)$/i, "[$1]:$2"));
    if (node !== undefined) this.#hint = reachedAt(this.#cluster.natMap, node);
    this.refresh().catch(() => {});
  }

  /** Asks the cluster anew, or waits for a question that is under way. @throws {NodeNotFoundError} nobody answers well */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshedAt = this.#clock.now();
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const early = this.#refreshedAt + PAUSE_MS - this.#clock.now();
    if (early > 0) await new Promise<void>((resolve) => this.#clock.after(early, resolve));
    const before = this.#view;
    this.#view = await this.#ask();
    this.#hint = undefined;
    if (before === undefined || !before.equals(this.#view)) for (const call of [...this.#changed]) call();
  }

  /** Asks one after the other, or more at a time where one is slow. */
  #ask(): Promise<ClusterView> {
    const { nodes } = this;
    const waiting =
      this.#hint === undefined ? shuffled(nodes, this.#clock) : [this.#hint, ...shuffled(nodes, this.#clock)];
    const older: ClusterView[] = [];
    const problems: string[] = [];
    const refusals: Error[] = [];
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      let underWay = 0;
      const settle = (node: NodeAddress, view: ClusterView | Error): void => {
        underWay--;
        if (view instanceof Error) {
          problems.push(problemOf(node, view));
          // What is wrong here is wrong with every node.
          if (isRefused(view) || view.name === "ProviderError") refusals.push(view);
        } else if (view.epoch < (this.#view?.epoch ?? 0)) older.push(view);
        else {
          waiting.length = 0;
          resolve(view);
        }
        next();
      };
      const next = (): void => {
        timer?.cancel();
        const node = waiting.shift();
        if (node !== undefined) {
          underWay++;
          timer = this.#clock.after(PATIENCE_MS, next);
          this.#viewOf(node).then(
            (view) => settle(node, view),
            (error: Error) => settle(node, error),
          );
        } else if (underWay === 0) {
          // When most of them know nothing newer, it is another cluster at the same addresses.
          const newest = older.sort((one, other) => other.epoch - one.epoch)[0];
          if (newest !== undefined && older.length > nodes.length / 2) resolve(newest);
          else if (refusals.length === problems.length && older.length === 0) reject(refusals[0]);
          else reject(notFound(problems, older));
        }
      };
      next();
    });
  }

  #askOne<Reply>(node: NodeAddress, question: (client: Redis) => Promise<Reply>): Promise<Reply> {
    return askAs([this.#config, this.#clock], node, question);
  }

  async #viewOf(node: NodeAddress): Promise<ClusterView> {
    const ask = (client: Redis): Promise<readonly [unknown, unknown]> =>
      Promise.all([client.cluster("INFO"), client.cluster("SLOTS")]);
    const [info, slots] = await this.#askOne(node, ask);
    return readView(String(info), slots as readonly unknown[], (announced) =>
      reachedAt(this.#cluster.natMap, { ...announced, host: announced.host || node.host }),
    );
  }
}

function problemOf(node: NodeAddress, { message }: Error): string {
  const isOff = message.includes("cluster support disabled");
  return `${addressOf(node)}: ${isOff ? "cluster mode is off there: name it in REDIS_URL instead, or set cluster-enabled yes" : message}`;
}

function notFound(problems: readonly string[], older: readonly ClusterView[]): NodeNotFoundError {
  const late = older.length === 0 ? [] : [`${older.length} know less than was known before`];
  return new NodeNotFoundError([...new Set([...problems, ...late])].join("; "));
}

function shuffled<Item>(items: readonly Item[], clock: Clock): Item[] {
  return items
    .map((item) => [clock.chance(), item] as const)
    .sort(([one], [other]) => one - other)
    .map(([, item]) => item);
}

const topologies = new WeakMap<RedisConfig, Topology>();

/** The topology that all connections of a configuration share; `undefined` if it names no cluster. */
export function topologyOf(config: RedisConfig, clock: Clock): Topology | undefined {
  if (config.cluster === undefined) return undefined;
  const topology = topologies.get(config) ?? new Topology(config, config.cluster, clock);
  topologies.set(config, topology);
  return topology;
}
