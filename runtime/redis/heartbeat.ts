import { Worker } from "node:worker_threads";
import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import { type Clock, LONGEST_TIMER_MS, type Timer } from "../time/clock.js";
import { type Connection, connectionData } from "./connection.js";
import { heartbeatThread } from "./heartbeat-thread.js";
import { beat } from "./lua/beat.js";

/** Places in the memory that the thread shares. */
const [TURN, BEAT, LAPSES, BEATING] = [0, 1, 2, 3] as const;
const TURN_EVERY_MS = 500;

export interface HeartbeatParts extends RuntimeParts {
  readonly config: Config;
  readonly clock: Clock;
}

/**
 * Sends the heartbeats of this process' consumers from a thread: a handler that keeps the event loop busy must not make
 * them look dead. It stops while the event loop has been blocked for longer than a handler may take.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #leaseNs: bigint;
  readonly #intervalMs: number;
  readonly #instants = new BigInt64Array(new SharedArrayBuffer(32));
  readonly #beats: (readonly [key: string, consumer: string])[] = [];
  #timers: readonly Timer[] = [];
  #worker: Worker | undefined;
  #stopped = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#leaseNs = BigInt(parts.config.leaseMs) * 1_000_000n;
    this.#intervalMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.floor(parts.config.leaseMs / 3)));
    this.#turn();
  }

  add(aliveKey: string, consumer: string): void {
    this.#beats.push([aliveKey, consumer]);
  }

  /** @throws {ConfigError} when the TLS options hold functions, which cannot be passed to a thread */
  start(connection: Connection): void {
    const turning = this.#parts.clock.every(TURN_EVERY_MS, () => this.#turn());
    this.#timers = [turning, this.#parts.clock.every(this.#intervalMs, () => this.#cover(connection))];
    this.#spawn();
  }

  /** Beats once from the main thread: before the first read, and before the next one after the lease has lapsed. */
  async renew(connection: Connection): Promise<void> {
    const client = await connection.ready();
    const now = process.hrtime.bigint();
    // Every consumer of this process must learn of the lapse, not only the one that noticed it.
    if (this.lapsed && Atomics.load(this.#instants, BEAT) !== 0n) Atomics.add(this.#instants, LAPSES, 1n);
    for (const [key, consumer] of this.#beats) await beat.run(client, [key], [this.#parts.clock.wall(), consumer]);
    if (now > Atomics.load(this.#instants, BEAT)) Atomics.store(this.#instants, BEAT, now);
  }

  /** Whether others may have taken the entries of this process by now. */
  get lapsed(): boolean {
    return process.hrtime.bigint() - Atomics.load(this.#instants, BEAT) > this.#leaseNs;
  }

  /** How often a beat came that late. */
  get lapses(): number {
    return Number(Atomics.load(this.#instants, LAPSES));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    await this.#worker?.terminate();
  }

  /** Beats from the main thread until the thread does, which takes a while to start. */
  #cover(connection: Connection): void {
    if (Atomics.load(this.#instants, BEATING) === 0n && connection.isReady) this.renew(connection).catch(() => {});
  }

  #turn(): void {
    Atomics.store(this.#instants, TURN, process.hrtime.bigint());
  }

  #spawn(): void {
    const { config, hooks, clock } = this.#parts;
    const { redis, service, leaseMs, handlerTimeoutMs: stallMs } = config;
    const connection = connectionData(redis, service, "heartbeat");
    const times = { intervalMs: this.#intervalMs, leaseMs, stallMs };
    const workerData = { connection, beats: this.#beats, script: beat.lua, clock: this.#instants.buffer, ...times };
    try {
      this.#worker = new Worker(heartbeatThread, { eval: true, workerData, execArgv: [] });
    } catch (error) {
      if ((error as Error).name !== "DataCloneError") throw error;
      const problem = "redis.tls holds a function, which cannot be passed to the heartbeat's thread: use plain data";
      throw new ConfigError([problem]);
    }
    this.#worker.unref();
    this.#worker.on("error", (error) => hooks.trouble("sending heartbeats", error));
    this.#worker.on("exit", () => {
      Atomics.store(this.#instants, BEATING, 0n);
      if (!this.#stopped) clock.after(1000, () => this.#stopped || this.#spawn()).unref();
    });
  }
}
