import { CommandResponder } from "../command/responder.js";
import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import { ClosedError, ConnectionError } from "../errors.js";
import { Dispatcher } from "../handle/dispatcher.js";
import type { StreamRoutes } from "../handle/router.js";
import type { HookBus } from "../messaging/hooks.js";
import type { StartOptions } from "../messaging/messaging.js";
import type { Retentions } from "../publish/retentions.js";
import type { ConnectionPool } from "../redis/connection-pool.js";
import { Heartbeat } from "../redis/heartbeat.js";
import { redriveKeys, streamKeys } from "../redis/keys.js";
import { RedisClock } from "../redis/redis-clock.js";
import { assertSupported, evictionPolicy } from "../redis/requirement.js";
import type { Patient } from "../service/health.js";
import { StreamConsumer } from "./consumer.js";

/** The reading side of a service: its consumers, one heartbeat for all of them, and how they come and go. */
export class Consumption {
  readonly #config: Config;
  readonly #consumer: string;
  readonly #pool: ConnectionPool;
  readonly #retentions: Retentions;
  readonly #clock: RedisClock;
  readonly #hooks: HookBus;
  #consumers: StreamConsumer[] = [];
  #heartbeat: Heartbeat | undefined;
  #starting: Promise<void> | undefined;
  /** Ends the wait for Redis at start. */
  #startup = new AbortController();
  /** Tells handlers to give up, when the drain deadline has passed. */
  #handling = new AbortController();

  /** @param instance - tells this process from others of its service; never used twice */
  constructor(config: Config, instance: string, pool: ConnectionPool, retentions: Retentions, hooks: HookBus) {
    this.#config = config;
    this.#consumer = `${config.service}-${instance}`;
    this.#pool = pool;
    this.#retentions = retentions;
    this.#hooks = hooks;
    this.#clock = new RedisClock(pool.get("settle"));
    pool.get("settle").onReady(() => {
      for (const consumer of this.#consumers) consumer.reconnected();
    });
  }

  /** Whether it has been started, or is being. */
  get isStarted(): boolean {
    return this.#starting !== undefined;
  }

  /** What a health check is to look at: the streams, without what is redriven. */
  get patients(): readonly Patient[] {
    const { group } = this.#config;
    const own = this.#consumers.filter(({ keys }) => keys.stream !== keys.redrive);
    return own.map(({ keys, loop }) => ({ keys, group, loop }));
  }

  start(streams: readonly StreamRoutes[], options: StartOptions): Promise<void> {
    this.#starting ??= this.#start(streams, options).catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** @param beforeDrain - what is to be done first, once it is certain that it had started */
  async stop(beforeDrain: () => Promise<void>): Promise<void> {
    const starting = this.#starting;
    if (starting === undefined) return;
    this.#startup.abort();
    await starting.catch(() => {});
    this.#starting = undefined;
    await beforeDrain();
    const consumers = this.#consumers;
    const timer = setTimeout(() => this.#handling.abort(), this.#config.drainTimeoutMs);
    await Promise.all(consumers.map((consumer) => consumer.stop(this.#handling.signal)));
    clearTimeout(timer);
    // A heartbeat after a consumer has left would make it look alive.
    this.#clock.stop();
    await this.#heartbeat?.stop();
    await Promise.all(consumers.map((consumer) => consumer.leave()));
    this.#consumers = [];
  }

  async #start(streams: readonly StreamRoutes[], { requireRedis = false }: StartOptions): Promise<void> {
    this.#pool.assertAffordable(streams.map(({ stream }) => stream));
    this.#startup = new AbortController();
    try {
      await this.#examineRedis();
    } catch (error) {
      const isAway = error instanceof ConnectionError && error.code === "REDIS_UNAVAILABLE";
      if (!isAway || requireRedis) throw error;
      this.#hooks.emit("trouble", { what: "connecting at start", error });
    }
    if (this.#startup.signal.aborted) throw new ClosedError("cannot start");
    const settle = this.#pool.get("settle");
    const heartbeat = new Heartbeat(this.#config, this.#hooks);
    this.#handling = new AbortController();
    this.#consumers = streams.flatMap((routes) => this.#consumersOf(routes, heartbeat));
    if (this.#consumers.length > 0) heartbeat.start(settle);
    this.#heartbeat = heartbeat;
    this.#clock.start();
    for (const consumer of this.#consumers) consumer.start();
    // Whatever is published once this has resolved is for these groups too, those that begin with what is new included.
    if (settle.isReady) await Promise.all(this.#consumers.map((consumer) => consumer.attempted));
  }

  async #examineRedis(): Promise<void> {
    const { host, port } = this.#config.redis;
    const client = await this.#pool.get("settle").ready(this.#startup.signal);
    await assertSupported(client, `${host}:${port}`);
    const policy = await evictionPolicy(client);
    if (policy !== undefined) this.#hooks.emit("evictionPossible", { policy });
  }

  /** One for the stream, and one for what is redriven to this group from its dead letters. */
  #consumersOf(routes: StreamRoutes, heartbeat: Heartbeat): StreamConsumer[] {
    const config = this.#config;
    const { group, retryDelayMs, maxRetries, handlerTimeoutMs } = config;
    const consumer = this.#consumer;
    const settle = this.#pool.get("settle");
    const stream = prefixed(config, routes.stream);
    const retry = { maxRetries, delayMs: retryDelayMs };
    const place = { stream, group, consumer, retry, handlerTimeoutMs, signal: this.#handling.signal };
    const own = streamKeys(stream, group);
    const sources = [
      { keys: own, read: this.#pool.get(`read:${stream}`) },
      { keys: redriveKeys(own, group), read: undefined },
    ];
    return sources.map(({ keys, read }) => {
      heartbeat.add(keys.alive, consumer);
      this.#retentions.keep(keys, "settle");
      // What is redriven has been here before.
      const clock = read && this.#clock;
      const responder = new CommandResponder(config.service, settle, clock, this.#hooks);
      const dispatcher = new Dispatcher(place, routes, this.#hooks, responder);
      const member = { keys, group, consumer };
      return new StreamConsumer(member, config, { read, settle }, dispatcher, heartbeat, this.#hooks);
    });
  }
}
