// redis/ implements the port; only it knows ioredis. It may import broker/, config/, messaging/, time/, contract/.
import type { Appender } from "../broker/append.js";
import type { Answers, Broker, BrokerClock } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { MemberPlace, MemberSignals, Members, Membership } from "../broker/membership.js";
import type { Topology } from "../broker/topology.js";
import type { Transfer, Transferred } from "../broker/transfer.js";
import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Pause } from "../time/pause.js";
import { ConnectionPool } from "./connection-pool.js";
import { Copies } from "./copies.js";
import { appenderOf } from "./durable-appender.js";
import { BlockingSource, type EntrySource, pollingSource, type SourceParts } from "./entry-source.js";
import { fenced, type Ownership, ownershipOf } from "./fenced.js";
import type { Heartbeat } from "./heartbeat.js";
import type { HeartbeatParts } from "./heartbeat-thread.js";
import { Heartbeats } from "./heartbeats.js";
import { History } from "./history.js";
import { redriveKeys, type StreamKeys, streamKeys } from "./keys.js";
import { MasterClocks } from "./master-clocks.js";
import { OwnedMembership } from "./owned-membership.js";
import { OwnedSource } from "./owned-source.js";
import { PartitionedAppender } from "./partitioned-appender.js";
import { transferToPartitions } from "./partitioned-transfer.js";
import { RedisAnswers } from "./redis-answers.js";
import { RedisLog } from "./redis-log.js";
import { RedisMembership } from "./redis-membership.js";
import { RedisShares } from "./redis-shares.js";
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
    const heartbeats = new Heartbeats(this.#parts, this.#pool);
    this.#hasMembers = true;
    return {
      get heartbeat() {
        return heartbeats.state;
      },
      add: (place, signals) => this.#member(place, signals, heartbeats.of(place.lease?.stream ?? place.stream)),
      share: (stream, consumer, signal) => {
        const { config, clock } = this.#parts;
        const linkOf = (each: string): Route => this.#settle(each);
        const own = { heartbeat: heartbeats.of(stream), copies: this.#copies };
        const parts = { ...own, linkOf, clock, signal, leaseMs: config.leaseMs };
        return new RedisShares({ stream, group: config.group, consumer }, parts);
      },
      start: () => {
        for (const stream of heartbeats.streams) this.#clocks.of(stream, "settle").start();
        heartbeats.start();
      },
      stop: async () => {
        await heartbeats.stop();
        this.#hasMembers = false;
      },
    };
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

  #member(place: MemberPlace, signals: MemberSignals, heartbeat: Heartbeat): Membership {
    const { config, hooks, clock } = this.#parts;
    const { stream, group, consumer, redriven, answers, handles } = place;
    // A command that nobody handles is answered by what it says. With an order all wait in the lanes of their entities.
    const needsAll = answers || config.order === "entity";
    const own = streamKeys(stream, group);
    const keys = redriven ? redriveKeys(own, group) : own;
    const { lease } = place;
    const ownership = lease && ownershipOf(lease, group, redriven);
    const settle = ownership === undefined ? this.#settle(stream) : fenced(this.#settle(stream), ownership);
    const parts: Omit<SourceParts, "connection"> = {
      place: {
        stream: keys.stream,
        group,
        consumer,
        floor: answers ? keys.floor : undefined,
        wanted: needsAll ? undefined : new Set(handles),
      },
      blockTimeMs: config.blockTimeMs,
      isOrdered: config.order === "entity",
      replyBytes: config.replyBytes,
      maxEntryBytes: config.maxMessageBytes,
      settle,
      pause: new Pause(signals.reading, clock, hooks.trouble),
      clock,
    };
    const source = redriven
      ? pollingSource(parts)
      : this.#history.watching(
          stream,
          ownership === undefined
            ? new BlockingSource({ ...parts, connection: this.#pool.own(`read:${stream}`, stream) })
            : this.#ownedSource(parts, ownership, signals),
        );
    if (lease === undefined) heartbeat.add(keys, group, consumer);
    const { leaseMs, replyBytes, maxMessageBytes: maxEntryBytes } = config;
    const given = {
      keys,
      settle,
      source,
      heartbeat,
      copies: this.#copies,
      log: this.#log(keys),
      clock,
      pause: parts.pause,
      signals,
    };
    const isOwner = lease !== undefined;
    const membership = new RedisMembership(place, { ...given, isOwner, leaseMs, replyBytes, maxEntryBytes });
    if (lease === undefined || ownership === undefined) return membership;
    return new OwnedMembership(membership, { lease, ownership, keys, settle, reading: signals.reading });
  }

  /** The connection of a partition, if there is one to spare, ends with its ownership. */
  #ownedSource(parts: Omit<SourceParts, "connection">, ownership: Ownership, signals: MemberSignals): EntrySource {
    const { stream, group, consumer } = parts.place;
    const place = { stream, group, consumer, floor: streamKeys(stream, group).floor };
    this.#clocks.of(stream).start();
    if (!this.#pool.mayRead(this.#parts.config.durability === "replicated")) {
      return new OwnedSource({ ...parts, place, fence: parts.settle, connection: undefined });
    }
    const connection = this.#pool.own(`read:${stream}`, stream);
    signals.settling.addEventListener("abort", () => this.#pool.drop(connection), { once: true });
    return new OwnedSource({ ...parts, place, fence: fenced(connection, ownership), connection });
  }
}
