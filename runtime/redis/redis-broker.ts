// redis/ implements the port; only it knows ioredis. It may import broker/, config/, messaging/, time/, contract/.
import type { Appender } from "../broker/append.js";
import type { Answers, Broker } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { MemberPlace, MemberSignals, Members, Membership } from "../broker/membership.js";
import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Pause } from "../time/pause.js";
import { ConnectionPool, type PoolParts } from "./connection-pool.js";
import { EntryAppender } from "./entry-appender.js";
import { BlockingSource, PollingSource } from "./entry-source.js";
import { Heartbeat } from "./heartbeat.js";
import { redriveKeys, streamKeys } from "./keys.js";
import { RedisAnswers } from "./redis-answers.js";
import { RedisClock } from "./redis-clock.js";
import { RedisLog } from "./redis-log.js";
import { RedisMembership } from "./redis-membership.js";
import { assertSupported, evictionPolicy } from "./requirement.js";
import { RedisSubscriptions } from "./subscriptions.js";

/** The broker that delivery uses in production: one Redis, over the connections of a pool. */
export class RedisBroker implements Broker {
  readonly appender: Appender;
  readonly answers: Answers;
  readonly clock: RedisClock;
  readonly #parts: PoolParts;
  readonly #pool: ConnectionPool;
  #subscriptions: RedisSubscriptions | undefined;
  #hasMembers = false;

  constructor(config: Config, hooks: HookBus, clock: Clock) {
    this.#parts = { config, hooks, clock };
    this.#pool = new ConnectionPool(this.#parts);
    this.clock = new RedisClock(this.#pool.get("settle"), clock);
    this.appender = new EntryAppender(this.#pool.get("publish"));
    this.answers = new RedisAnswers(this.#pool);
  }

  get isReady(): boolean {
    return this.#pool.get("settle").isReady;
  }

  /** Created at the first use: few services need its connection. */
  get subscriptions(): RedisSubscriptions {
    const { clock, hooks } = this.#parts;
    this.#subscriptions ??= new RedisSubscriptions(this.#pool.get("subscribe"), clock, hooks.trouble);
    return this.#subscriptions;
  }

  async connect(signal: AbortSignal): Promise<{ readonly evictionPolicy: string | undefined }> {
    const settle = this.#pool.get("settle");
    const client = await settle.ready(signal);
    await assertSupported(client, settle.address);
    return { evictionPolicy: await evictionPolicy(client) };
  }

  assertAffordable(streams: readonly string[]): void {
    this.#pool.assertAffordable(streams);
  }

  async ping(): Promise<number> {
    const client = await this.#pool.get(this.#hasMembers ? "settle" : "publish").ready();
    const { clock } = this.#parts;
    const began = clock.now();
    await client.ping();
    return clock.now() - began;
  }

  log(stream: string): Log {
    return new RedisLog(streamKeys(stream, this.#parts.config.group), this.#pool);
  }

  members(): Members {
    const settle = this.#pool.get("settle");
    const heartbeat = new Heartbeat(this.#parts);
    this.#hasMembers = true;
    return {
      add: (place, signals) => this.#member(place, signals, heartbeat),
      start: () => {
        this.clock.start();
        heartbeat.start(settle);
      },
      stop: async () => {
        this.clock.stop();
        await heartbeat.stop();
        this.#hasMembers = false;
      },
    };
  }

  close(): void {
    this.#subscriptions?.close();
    this.#pool.close();
  }

  #member(place: MemberPlace, signals: MemberSignals, heartbeat: Heartbeat): Membership {
    const { config, hooks, clock } = this.#parts;
    const { stream, group, consumer, redriven } = place;
    const own = streamKeys(stream, group);
    const keys = redriven ? redriveKeys(own, group) : own;
    const settle = this.#pool.get("settle");
    const source = new (redriven ? PollingSource : BlockingSource)({
      place: { stream: keys.stream, group, consumer },
      blockTimeMs: config.blockTimeMs,
      connection: redriven ? settle : this.#pool.get(`read:${stream}`),
      settle,
      pause: new Pause(signals.reading, clock, hooks.trouble),
      clock,
    });
    heartbeat.add(keys.alive, consumer);
    const log = new RedisLog(keys, this.#pool);
    const { leaseMs } = config;
    return new RedisMembership(place, { keys, settle, source, heartbeat, log, leaseMs, signals });
  }
}
