import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Connection, type ConnectionRole } from "./connection.js";

export interface PoolParts {
  readonly config: Config;
  readonly hooks: HookBus;
  readonly clock: Clock;
}

/** The connections of one messaging, one for each role, created when they are first used. */
export class ConnectionPool {
  readonly #parts: PoolParts;
  readonly #connections = new Map<ConnectionRole, Connection>();

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  get(role: ConnectionRole): Connection {
    const existing = this.#connections.get(role);
    if (existing !== undefined) return existing;
    const { config, hooks, clock } = this.#parts;
    const options = { role, blocking: role.startsWith("read:") };
    const connection = new Connection(config.redis, config.service, options, clock);
    connection.onReady((again) => hooks.emit("connected", { role, again }));
    connection.onLost((error) => hooks.emit("disconnected", { role, error }));
    this.#connections.set(role, connection);
    return connection;
  }

  /** The first of these connections that is ready. It opens none. */
  anyReady(...roles: readonly ConnectionRole[]): Connection | undefined {
    return roles.map((role) => this.#connections.get(role)).find((connection) => connection?.isReady);
  }

  /** @throws {ConfigError} when handling these streams needs more than `REDIS_MAX_CONNECTIONS` */
  assertAffordable(streams: readonly string[]): void {
    // To publish, to settle, to subscribe, for the heartbeat; and for the blocking reads of each stream.
    const needed = 4 + streams.length;
    const { maxConnections } = this.#parts.config.redis;
    if (needed <= maxConnections) return;
    throw new ConfigError([
      `REDIS_MAX_CONNECTIONS is ${maxConnections}, but ${needed} are needed to handle ${streams.join(", ")}: allow more, or handle fewer streams here`,
    ]);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }
}
