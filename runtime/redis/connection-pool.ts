import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Connection, type ConnectionRole } from "./connection.js";

/** The connections of one messaging, one for each role, created when they are first used. */
export class ConnectionPool {
  readonly #config: Config;
  readonly #hooks: HookBus;
  readonly #clock: Clock;
  readonly #connections = new Map<ConnectionRole, Connection>();

  constructor(config: Config, hooks: HookBus, clock: Clock) {
    this.#config = config;
    this.#hooks = hooks;
    this.#clock = clock;
  }

  get(role: ConnectionRole): Connection {
    let connection = this.#connections.get(role);
    if (connection === undefined) {
      // A subscriber and a blocking read are silent while there is nothing to receive.
      const blocking = role.startsWith("read:") || role === "subscribe";
      connection = new Connection(this.#config.redis, this.#config.service, { role, blocking }, this.#clock);
      connection.onReady((again) => this.#hooks.emit("connected", { role, again }));
      connection.onLost((error) => this.#hooks.emit("disconnected", { role, error }));
      if (role === "subscribe") connection.watch(this.#config.redis.socketTimeoutMs);
      this.#connections.set(role, connection);
    }
    return connection;
  }

  /** The first of these connections over which commands can be sent. It opens none. */
  anyReady(...roles: readonly ConnectionRole[]): Connection | undefined {
    return roles.map((role) => this.#connections.get(role)).find((connection) => connection?.isReady);
  }

  /**
   * Makes sure that handling so many streams stays within `REDIS_MAX_CONNECTIONS`.
   *
   * @throws {ConfigError} when it would not
   */
  assertAffordable(streams: readonly string[]): void {
    // One to publish, one to settle, one that subscribes, one for the heartbeat, one for each stream's blocking reads.
    const needed = 4 + streams.length;
    const { maxConnections } = this.#config.redis;
    if (needed <= maxConnections) return;
    throw new ConfigError([
      `REDIS_MAX_CONNECTIONS is ${maxConnections}, but ${needed} are needed to handle ${streams.join(", ")}: allow more, or handle fewer streams here`,
    ]);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }
}
