import type { Redis } from "ioredis";
import { slotOf } from "../broker/slot.js";
import type { RedisConfig } from "../config/redis-config.js";
import { ConfigError, MessagingError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import { Connection, type ConnectionRole } from "./connection.js";
import type { Route } from "./route.js";
import { SlotRoute } from "./slot-route.js";
import { type Topology, topologyOf } from "./topology.js";
import { unreachable } from "./unreachable.js";
import { VainWaits } from "./vain-waits.js";

/** How often a cluster is asked although nothing was lost: else all nodes that are known may be gone one day. */
const REFRESH_EVERY_MS = 60_000;

/** To subscribe, to catch up, to ask where the slots are. */
const SHARED = 3;

const NEVER = new AbortController().signal;

export interface PoolParts {
  readonly redis: RedisConfig;
  readonly service: string;
  readonly clock: Clock;
  /** Whether a master of a cluster is waited for only once as long as it is away. @defaultValue false */
  readonly waitsOnce?: boolean;
  /** Called with each new connection. */
  readonly opened?: (connection: Connection) => void;
}

/**
 * The connections of one messaging. On one Redis there is one for each role; on a cluster one for each role and master, kept by
 * the lowest of its slots: a failover moves all slots of a master, so its connections follow by themselves.
 */
export class ConnectionPool {
  /** `undefined` on one Redis, and where Sentinel watches it. */
  readonly topology: Topology | undefined;
  /** How many connections the heartbeats take. */
  heartbeats = 0;
  readonly #parts: PoolParts;
  readonly #connections = new Map<string, Connection>();
  /** Those that were opened for a master's streams, by its lowest slot. */
  readonly #shared = new Map<string, number>();
  readonly #routes = new Map<string, SlotRoute>();
  readonly #refreshing: { cancel(): void } | undefined;
  readonly #vain: VainWaits | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    const { redis, clock } = parts;
    this.#vain = parts.waitsOnce ? new VainWaits() : undefined;
    const topology = topologyOf(redis, clock);
    this.topology = topology;
    topology?.onChange(() => this.#retire());
    this.#refreshing =
      topology && clock.every(REFRESH_EVERY_MS, () => void (topology.isKnown && topology.refresh().catch(() => {})));
  }

  /** What is common to all streams of one master. */
  route(role: ConnectionRole, stream: string): Route {
    const { topology } = this;
    if (topology === undefined) return this.#open(role);
    const slot = slotOf(stream);
    const name = nameOf(role, slot);
    const existing = this.#routes.get(name);
    if (existing !== undefined) return existing;
    const { redis, clock } = this.#parts;
    const route = new SlotRoute(slot, {
      ...{ topology, clock, address: redis.address, limitMs: redis.connectionTimeoutMs },
      vain: this.#vain,
      connectionOf: (leader) => this.master(role, leader),
      admit: () => this.#admit(),
      unknown: (cause) => unreachable(redis, { cause, silence: "no answer", found: "" }),
    });
    this.#routes.set(name, route);
    return route;
  }

  /** Whether a stream is served over this connection, which is common to the streams of its master. */
  serves(connection: Connection, stream: string): boolean {
    const { role } = connection;
    if (role !== "publish" && role !== "replicated" && role !== "settle") return false;
    const leader = this.topology?.leaderOf(slotOf(stream));
    return this.#connections.get(nameOf(role, leader)) === connection;
  }

  /** A connection of one stream alone, which follows its slot by itself. */
  own(role: ConnectionRole, stream: string): Connection {
    return this.topology === undefined ? this.#open(role) : this.#open(role, slotOf(stream));
  }

  /** That of a master, by the lowest of its slots; of the one Redis without. */
  master(role: ConnectionRole, leader: number | undefined): Connection {
    if (leader !== undefined) this.#shared.set(nameOf(role, leader), leader);
    return this.#open(role, leader);
  }

  /** A connection to one Redis, or to any node of a cluster. @throws {ConfigError} when a cluster has as many as may be */
  any(role: ConnectionRole): Connection {
    if (this.topology !== undefined && !this.#connections.has(nameOf(role, undefined))) this.#admit();
    return this.#open(role);
  }

  /** Asks one Redis, or some node of a cluster. @throws {ConnectionError} */
  async ask<Reply>(question: (client: Redis) => Promise<Reply>, signal: AbortSignal): Promise<Reply> {
    const { topology } = this;
    if (topology === undefined) return question(await this.any("settle").ready(signal));
    const { redis } = this.#parts;
    try {
      await topology.until(() => undefined, redis.connectionTimeoutMs, signal);
      return await topology.ask(question);
    } catch (error) {
      if (error instanceof MessagingError) throw error;
      throw unreachable(redis, { cause: error as Error, silence: "no answer", found: "" });
    }
  }

  /** Resolves to the time that an answer takes, in ms: of the slowest master that is used. */
  async ping(role: ConnectionRole): Promise<number> {
    const { clock } = this.#parts;
    const time = async (client: Redis): Promise<number> => {
      const began = clock.now();
      await client.ping();
      return clock.now() - began;
    };
    const used = this.used(role);
    if (used.length === 0) return this.ask(time, NEVER);
    return Math.max(...(await Promise.all(used.map(async (connection) => time(await connection.ready())))));
  }

  /** The connections whose loss would be noticed: that to one Redis, or those to masters of a cluster that are used. */
  used(role: ConnectionRole): readonly Connection[] {
    if (this.topology === undefined) return [this.any(role)];
    return this.existing(role).filter(({ client }) => client.status !== "wait");
  }

  /**
   * The most connections that reading so many streams takes, with a heartbeat and all that is published.
   *
   * @param isReplicated - whether what is published goes over connections of its own
   */
  needed(streams: number, isReplicated: boolean): number {
    const publishing = isReplicated ? 2 : 1;
    // To publish, to settle, to subscribe, for the heartbeat; and for the blocking reads of each stream.
    if (this.topology === undefined) return 3 + publishing + streams;
    const masters = Math.min(streams, this.topology.leaders.size || streams);
    // To subscribe, to ask where the slots are; and to publish, to settle and for the heartbeat with each master.
    return 2 + streams + (2 + publishing) * masters;
  }

  /** The connections that exist, for a role. */
  existing(role: ConnectionRole): readonly Connection[] {
    return [...this.#connections.values()].filter((connection) => connection.role === role);
  }

  /**
   * Whether one more partition may be read over a connection of its own. Every other role keeps a place with every master: to
   * publish, to settle, for the heartbeat, whenever a service comes to need it.
   *
   * @param isReplicated - whether what is published goes over connections of its own
   */
  mayRead(isReplicated: boolean): boolean {
    const masters = this.topology === undefined ? 1 : Math.max(1, this.topology.leaders.size);
    const reserved = SHARED + masters * (isReplicated ? 4 : 3);
    const readers = [...this.#connections.values()].filter(({ role }) => role.startsWith("read:"));
    return readers.length + reserved < this.#parts.redis.maxConnections;
  }

  /** Closes a connection that is not used any more. */
  drop(connection: Connection): void {
    for (const [name, each] of this.#connections) if (each === connection) this.#connections.delete(name);
    connection.close();
  }

  close(): void {
    this.#refreshing?.cancel();
    for (const connection of this.#connections.values()) connection.close();
  }

  /** After slots have moved: what was kept by a slot that is no master's lowest any more is not used again. */
  #retire(): void {
    for (const [name, leader] of this.#shared) {
      if (this.topology?.leaders.has(leader)) continue;
      this.#shared.delete(name);
      this.#connections.get(name)?.retire();
      this.#connections.delete(name);
    }
  }

  /** @throws {ConfigError} when there are as many connections as may be */
  #admit(): void {
    const { maxConnections } = this.#parts.redis;
    // One that subscribes is opened as soon as it has been admitted.
    const open = [...this.#connections.values()].filter(
      ({ role, client }) => role === "subscribe" || client.status !== "wait",
    );
    if (open.length + this.heartbeats < maxConnections) return;
    const text = `REDIS_MAX_CONNECTIONS is ${maxConnections}, and all are in use: the cluster needs one more, allow more`;
    throw new ConfigError([text]);
  }

  #open(role: ConnectionRole, slot?: number): Connection {
    const name = nameOf(role, slot);
    const existing = this.#connections.get(name);
    if (existing !== undefined) return existing;
    const { redis, service, clock, opened } = this.#parts;
    const connection = new Connection(redis, service, role, clock, slot);
    this.#connections.set(name, connection);
    opened?.(connection);
    return connection;
  }
}

function nameOf(role: ConnectionRole, slot: number | undefined): string {
  return slot === undefined ? role : `${role} ${slot}`;
}
