import { Worker } from "node:worker_threads";
import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import { type Clock, LONGEST_TIMER_MS, type Timer } from "../time/clock.js";
import { type Connection, connectionData } from "./connection.js";
import { heartbeatThread } from "./heartbeat-thread.js";
import { beat } from "./lua/beat.js";

const TURN = 0;
const BEAT = 1;
const LAPSES = 2;
const BEATING = 3;
const TURN_EVERY_MS = 500;

/**
 * Tells the other consumers that this one lives, from a thread of its own: a handler that keeps the event loop busy
 * must not look dead. It stops telling when the event loop has stood still for longer than a handler may take.
 */
export class Heartbeat {
  readonly #config: Config;
  readonly #leaseNs: bigint;
  readonly #hooks: HookBus;
  readonly #time: Clock;
  readonly #clock = new SharedArrayBuffer(32);
  readonly #instants = new BigInt64Array(this.#clock);
  readonly #beats: (readonly [key: string, consumer: string])[] = [];
  #worker: Worker | undefined;
  #turning: Timer | undefined;
  #covering: Timer | undefined;
  #stopped = false;

  constructor(config: Config, time: Clock, hooks: HookBus) {
    this.#time = time;
    this.#config = config;
    this.#leaseNs = BigInt(config.leaseMs) * 1_000_000n;
    this.#hooks = hooks;
    this.#turn();
  }

  /** Adds a consumer to be told of. All are added before {@link start}. */
  add(aliveKey: string, consumer: string): void {
    this.#beats.push([aliveKey, consumer]);
  }

  /**
   * Starts the thread.
   *
   * @throws {ConfigError} when the TLS options hold functions, which no other thread can be given
   */
  start(connection: Connection): void {
    this.#turning = this.#time.every(TURN_EVERY_MS, () => this.#turn());
    this.#covering = this.#time.every(this.#intervalMs, () => this.#cover(connection));
    this.#spawn();
  }

  /** Beats once, from here: before the first read, and before any after the lease has lapsed. */
  async renew(connection: Connection): Promise<void> {
    const client = await connection.ready();
    const now = process.hrtime.bigint();
    // Every consumer of this process must hear of it, not only the one that noticed.
    if (this.lapsed && Atomics.load(this.#instants, BEAT) !== 0n) Atomics.add(this.#instants, LAPSES, 1n);
    for (const [key, consumer] of this.#beats) await beat.run(client, [key], [this.#time.wall(), consumer]);
    if (now > Atomics.load(this.#instants, BEAT)) Atomics.store(this.#instants, BEAT, now);
  }

  /** Whether others may by now have taken what this process holds. */
  get lapsed(): boolean {
    return process.hrtime.bigint() - Atomics.load(this.#instants, BEAT) > this.#leaseNs;
  }

  /** How often a beat came so late that others may have taken what this process held before it. */
  get lapses(): number {
    return Number(Atomics.load(this.#instants, LAPSES));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turning?.cancel();
    this.#covering?.cancel();
    await this.#worker?.terminate();
  }

  get #intervalMs(): number {
    return Math.min(LONGEST_TIMER_MS, Math.max(1, Math.floor(this.#config.leaseMs / 3)));
  }

  /** The thread takes a while to begin, longer on a busy machine: until it beats, this side does. */
  #cover(connection: Connection): void {
    if (Atomics.load(this.#instants, BEATING) === 0n && connection.isReady) this.renew(connection).catch(() => {});
  }

  #turn(): void {
    Atomics.store(this.#instants, TURN, process.hrtime.bigint());
  }

  #spawn(): void {
    const config = this.#config;
    const workerData = {
      connection: connectionData(config.redis, config.service, "heartbeat"),
      beats: this.#beats,
      intervalMs: this.#intervalMs,
      leaseMs: config.leaseMs,
      stallMs: config.handlerTimeoutMs,
      script: beat.lua,
      clock: this.#clock,
    };
    try {
      this.#worker = new Worker(heartbeatThread, { eval: true, workerData, execArgv: [] });
    } catch (error) {
      if ((error as Error).name !== "DataCloneError") throw error;
      throw new ConfigError([
        "redis.tls holds a function, which the heartbeat's thread cannot be given: use plain data",
      ]);
    }
    this.#worker.unref();
    this.#worker.on("error", (error) => this.#hooks.emit("trouble", { what: "sending heartbeats", error }));
    this.#worker.on("exit", () => {
      Atomics.store(this.#instants, BEATING, 0n);
      if (!this.#stopped) this.#time.after(1000, () => this.#stopped || this.#spawn()).unref();
    });
  }
}
