import type { RedisConfig } from "../config/redis-config.js";
import { addressOf, type NodeAddress } from "../config/redis-nodes.js";
import type { SentinelConfig } from "../config/redis-sentinel.js";
import type { Clock, Timer } from "../time/clock.js";
import { askNode } from "./ask-node.js";
import { askedTls } from "./credentials.js";
import { type NodeFinder, NodeNotFoundError, reachedAt } from "./node-finder.js";
import { field } from "./reply.js";

/** How long most sentinels have, once one has answered. */
const PATIENCE_MS = 300;
/** No more often than this are they asked because of what the master says. */
const PAUSE_MS = 100;

interface Told {
  readonly master: NodeAddress;
  /** Grows with each failover. */
  readonly epoch: number;
}

/**
 * Finds the master that most sentinels name. A sentinel that was cut off goes on naming the last master that it knew, so that
 * one counts which the latest failover has made.
 */
export class Sentinels implements NodeFinder {
  readonly wantsMaster = true;
  readonly #config: RedisConfig;
  readonly #sentinel: SentinelConfig;
  readonly #clock: Clock;
  #epoch = 0;
  #finding: Promise<NodeAddress> | undefined;
  #foundAt = Number.NEGATIVE_INFINITY;
  #master: NodeAddress | undefined;
  readonly #changed = new Set<() => void>();
  #looking: Timer | undefined;

  constructor(config: RedisConfig, sentinel: SentinelConfig, clock: Clock) {
    this.#config = config;
    this.#sentinel = sentinel;
    this.#clock = clock;
  }

  /** The master that they named last. */
  get master(): NodeAddress | undefined {
    return this.#master;
  }

  /** Those who look for it at the same time share one answer. */
  find(): Promise<NodeAddress> {
    this.#finding ??= this.#find().finally(() => {
      this.#foundAt = this.#clock.now();
      this.#finding = undefined;
    });
    return this.#finding;
  }

  /**
   * Calls back when they name another master. They are asked now and then, since a master that was cut off from them and
   * from its replicas goes on as before: what it takes is undone once it finds them again. Returns what ends that.
   */
  onChange(call: () => void): () => void {
    this.#changed.add(call);
    this.#looking ??= this.#clock.every(this.#config.socketTimeoutMs, () => this.#look());
    return () => {
      this.#changed.delete(call);
      if (this.#changed.size > 0) return;
      this.#looking?.cancel();
      this.#looking = undefined;
    };
  }

  /** Takes notice of an error reply by which a master says that it has lost its replicas. */
  note(reply: string): void {
    if (reply.startsWith("NOREPLICAS") && this.#clock.now() - this.#foundAt > PAUSE_MS) this.#look();
  }

  #look(): void {
    // Before the first search there is nothing to leave.
    if (this.#master !== undefined) this.find().catch(() => {});
  }

  async #find(): Promise<NodeAddress> {
    const { sentinels, master } = this.#sentinel;
    const problems: string[] = [];
    const told = await this.#ask(problems);
    const newest = told.sort((one, other) => other.epoch - one.epoch)[0];
    // When most of them know nothing newer, they were set up anew.
    const isBelieved = (newest?.epoch ?? -1) >= this.#epoch || told.length > sentinels.length / 2;
    if (newest === undefined || !isBelieved) {
      if (newest !== undefined) problems.push("the others know less than was known before");
      throw new NodeNotFoundError(`no sentinel names the master ${master}: ${problems.join("; ")}`);
    }
    this.#epoch = newest.epoch;
    const before = this.#master;
    this.#master = newest.master;
    const isAnother = before !== undefined && addressOf(before) !== addressOf(newest.master);
    if (isAnother) for (const call of [...this.#changed]) call();
    return newest.master;
  }

  /** Resolves when most have answered, or after a while with what those have said who did; else with nothing. */
  #ask(problems: string[]): Promise<Told[]> {
    const { sentinels } = this.#sentinel;
    const told: Told[] = [];
    return new Promise((resolve) => {
      let underWay = sentinels.length;
      const settle = (): void => {
        if (--underWay === 0 || told.length > sentinels.length / 2) resolve(told);
        else if (told.length === 1) this.#clock.after(PATIENCE_MS, () => resolve(told));
      };
      for (const sentinel of sentinels) {
        void this.#toldBy(sentinel)
          .then(
            (answer) => void told.push(answer),
            (error: Error) => void problems.push(`${addressOf(sentinel)}: ${error.message}`),
          )
          .then(settle);
      }
    });
  }

  async #toldBy(sentinel: NodeAddress): Promise<Told> {
    const { master, username, password, tls, natMap } = this.#sentinel;
    const secure =
      typeof tls === "object" ? tls : tls && ((await askedTls(this.#config, this.#clock)) ?? this.#config.tls);
    const options = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(secure && { tls: secure }),
    };
    const access = { options, limitMs: this.#config.connectionTimeoutMs, clock: this.#clock };
    const reply = (await askNode(sentinel, access, (client) => client.call("SENTINEL", "MASTER", master))) as unknown[];
    const announced = { host: String(field(reply, "ip")), port: Number(field(reply, "port")) };
    return { master: reachedAt(natMap, announced), epoch: Number(field(reply, "config-epoch") ?? 0) };
  }
}

const all = new WeakMap<RedisConfig, Sentinels>();

/** The sentinels that all connections of a configuration ask together; `undefined` if it names none. */
export function sentinelsOf(config: RedisConfig, clock: Clock): Sentinels | undefined {
  if (config.sentinel === undefined) return undefined;
  const sentinels = all.get(config) ?? new Sentinels(config, config.sentinel, clock);
  all.set(config, sentinels);
  return sentinels;
}
