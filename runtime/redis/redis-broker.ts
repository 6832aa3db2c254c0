// redis/ implements the port; only it knows ioredis. It may import broker/, config/, messaging/, time/, contract/.
import type { Appender } from "../broker/append.js";
import type { Answers, Broker, BrokerClock } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { Members } from "../broker/membership.js";
import type { Topology } from "../broker/topology.js";
import type { Transfer, Transferred } from "../broker/transfer.js";
import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { ConnectionPool } from "./connection-pool.js";
import { Copies } from "./copies.js";
import { appenderOf } from "./durable-appender.js";
import type { HeartbeatParts } from "./heartbeat-thread.js";
import { History } from "./history.js";
import { type StreamKeys, streamKeys } from "./keys.js";
import { MasterClocks } from "./master-clocks.js";
import { PartitionedAppender } from "./partitioned-appender.js";
import { transferToPartitions } from "./partitioned-transfer.js";
import { RedisAnswers } from "./redis-answers.js";
import { RedisLog } from "./redis-log.js";
import { RedisMembers } from "./redis-members.js";
import { Replicas } from "./replicas.js";
import { assertSupported, evictionPolicy } from "./requirement.js";
import type { Route } from "./route.js";
import { RedisSubscriptions } from "./subscriptions.js";
import { readTopology, Topologies } from "./topologies.js";
import { transferEntries } from "./transfer-entries.js";

/** The broker that delivery uses in production: one Redis, the master that Sentinel watches, or a cluster. */
export class RedisBroker implements Broker {
  readonly answers: Answers;
  readonly appender: Appender;
  readonly #parts: HeartbeatParts;
  readonly #pool: ConnectionPool;
  readonly #clocks: MasterClocks;
  readonly #topologies: Topologies;
  readonly #replicas: Replicas;
  readonly #copies: Copies;
  readonly #history: History;
  #subscriptions: RedisSubscriptions | undefined;
  #hasMembers = false;

  constructor(config: Config, hooks: HookBus, clock: Clock) {
    this.#parts = { config, hooks, clock };
    const { redis, service, publishBufferBytes: mostBytes } = config;
    this.#replicas = new Replicas({ count: redis.waitReplicas, timeoutMs: redis.waitTimeoutMs });
    this.#copies = new Copies(clock, redis.cluster !== undefined || redis.sentinel !== undefined);
    this.#history = new History(hooks);
    this.#pool = new ConnectionPool({
      ...{ redis, service, clock },
      opened: (connection) => {
        const { role } = connection;
        connection.onReady((again) => {
          hooks.emit("connected", { role, again });
          this.#history.connected(connection, again, (stream) => this.#pool.serves(connection, stream));
        });
        connection.onLost((error) => hooks.emit("disconnected", { role, error }));
        if (role === "publish") connection.onReady((again) => again && this.#topologies.lookAgain());
      },
    });
    this.#clocks = new MasterClocks(this.#pool, clock);
    this.#topologies = new Topologies((stream) => this.#publish(stream), this.#parts);
    this.answers = new RedisAnswers(this.#parts, this.#pool, this.#topologies);
    const appender = appenderOf(this.#pool, { mostBytes, clock, replicas: this.#replicas, history: this.#history });
    this.appender = new PartitionedAppender(appender, this.#topologies, mostBytes);
  }

  get isReady(): boolean {
    return this.#pool.topology?.isKnown ?? this.#pool.any("settle").isReady;
  }

  get isWhole(): boolean {
    const used = [...this.#pool.used("settle"), ...this.#pool.used("publish")];
    return this.isReady && (this.#pool.topology === undefined || used.every(({ isReady }) => isReady));
  }

  /** Created at the first use: few services need its connection. */
  get subscriptions(): RedisSubscriptions {
    const { clock, hooks } = this.#parts;
    this.#subscriptions ??= new RedisSubscriptions(this.#pool.any("subscribe"), clock, hooks.trouble);
    return this.#subscriptions;
  }

  async connect(signal: AbortSignal): Promise<{ readonly evictionPolicy: string | undefined }> {
    const { address } = this.#parts.config.redis;
    return this.#pool.ask(async (client) => {
      await assertSupported(client, address);
      return { evictionPolicy: await evictionPolicy(client) };
    }, signal);
  }

  assertAffordable(streams: readonly string[]): void {
    const { durability, redis } = this.#parts.config;
    const needed = this.#pool.needed(streams.length, durability === "replicated");
    const { maxConnections } = redis;
    if (needed <= maxConnections) return;
    throw new ConfigError([
      `REDIS_MAX_CONNECTIONS is ${maxConnections}, but ${needed} are needed to handle ${streams.join(", ")}: allow more, or handle fewer streams here`,
    ]);
  }

  ping(): Promise<number> {
    return this.#pool.ping(this.#hasMembers ? "settle" : "publish");
  }

  clockOf(stream: string): BrokerClock {
    return this.#clocks.of(stream);
  }

  transfer(given: Transfer): Promise<Transferred> {
    const { address } = this.#parts.config.redis;
    return transferToPartitions((each) => this.#transfer(each), { topologies: this.#topologies, address }, given);
  }

  topology(stream: string, signal?: AbortSignal): Promise<Topology> {
    const what = `reading the partitions of ${stream}`;
    return this.#settle(stream).ask(what, (client) => readTopology(client, stream), signal);
  }

  log(stream: string): Log {
    return this.#log(streamKeys(stream, this.#parts.config.group));
  }

  members(): Members {
    this.#hasMembers = true;
    return new RedisMembers({
      ...this.#parts,
      pool: this.#pool,
      clocks: this.#clocks,
      copies: this.#copies,
      history: this.#history,
      logOf: (keys) => this.#log(keys),
      stopped: () => {
        this.#hasMembers = false;
      },
    });
  }

  close(): void {
    this.#clocks.stop();
    this.#topologies.close();
    this.#subscriptions?.close();
    this.#pool.close();
  }

  #publish(stream: string): Route {
    return this.#pool.route("publish", stream);
  }

  #transfer(given: Transfer): Promise<Transferred> {
    const isStored = this.#parts.config.durability === "stored";
    const route = isStored ? this.#publish(given.stream) : this.#pool.route("replicated", given.stream);
    return transferEntries(route, given, { replicas: isStored ? undefined : this.#replicas, history: this.#history });
  }

  #settle(stream: string): Route {
    return this.#pool.route("settle", stream);
  }

  #log(keys: StreamKeys): Log {
    const { stream } = keys;
    const routes = {
      settle: this.#settle(stream),
      publish: this.#publish(stream),
      catchUp: () => this.#pool.route("catch-up", stream),
    };
    return new RedisLog(keys, routes, this.#parts.config.maxMessageBytes);
  }
}
