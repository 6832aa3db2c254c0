import type { Appender } from "../broker/append.js";
import type { Answers, Broker, BrokerClock } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { MemberPlace, MemberSignals, Members, Membership } from "../broker/membership.js";
import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Pause } from "../time/pause.js";
import { ConnectionPool } from "./connection-pool.js";
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
  readonly clock: BrokerClock;
  readonly #config: Config;
  readonly #hooks: HookBus;
  readonly #time: Clock;
  readonly #pool: ConnectionPool;
  readonly #redisClock: RedisClock;
  #subscriptions: RedisSubscriptions | undefined;
  #hasMembers = false;

  constructor(config: Config, hooks: HookBus, time: Clock) {
    this.#config = config;
    this.#hooks = hooks;
    this.#time = time;
    this.#pool = new ConnectionPool(config, hooks, time);
    this.#redisClock = new RedisClock(this.#pool.get("settle"), time);
    this.clock = this.#redisClock;
    this.appender = new EntryAppender(this.#pool.get("publish"));
    this.answers = new RedisAnswers(this.#pool);
  }

  get isReady(): boolean {
    return this.#pool.get("settle").isReady;
  }

  /** Created when it is first used: few services need its connection. */
  get subscriptions(): RedisSubscriptions {
    this.#subscriptions ??= new RedisSubscriptions(this.#pool.get("subscribe"), this.#time, this.#hooks.trouble);
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
    const began = this.#time.now();
    await client.ping();
    return this.#time.now() - began;
  }

  log(stream: string): Log {
    return new RedisLog(streamKeys(stream, this.#config.group), this.#pool);
  }

  members(): Members {
    const settle = this.#pool.get("settle");
    const heartbeat = new Heartbeat(this.#config, this.#time, this.#hooks);
    this.#hasMembers = true;
    return {
      add: (place, signals) => this.#member(place, signals, heartbeat),
      start: () => {
        this.#redisClock.start();
        heartbeat.start(settle);
      },
      stop: async () => {
        this.#redisClock.stop();
        await heartbeat.stop();
        this.#hasMembers = false;
      },
    };
  }

  close(): void {
    this.#subscriptions?.close();
    this.#pool.close();
  }

  #member(place: MemberPlace, { reading, settling }: MemberSignals, heartbeat: Heartbeat): Membership {
    const { stream, group, consumer, redriven } = place;
    const own = streamKeys(stream, group);
    const keys = redriven ? redriveKeys(own, group) : own;
    const settle = this.#pool.get("settle");
    const reader = { stream: keys.stream, group, consumer };
    const { blockTimeMs } = this.#config;
    const pause = new Pause(reading, this.#time, this.#hooks.trouble);
    const source = redriven
      ? new PollingSource(reader, blockTimeMs, settle, pause)
      : new BlockingSource(reader, blockTimeMs, this.#pool.get(`read:${stream}`), pause, this.#time);
    heartbeat.add(keys.alive, consumer);
    const log = new RedisLog(keys, this.#pool);
    return new RedisMembership(place, { keys, settle, source, heartbeat, log, reading, settling });
  }
}
