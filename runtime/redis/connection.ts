import type { Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { Redis } from "ioredis";
import type { RedisConfig } from "../config/config.js";
import { ClosedError, ConnectionError } from "../errors.js";
import { type Clock, LONGEST_TIMER_MS, type Timer } from "../time/clock.js";
import { endWhenSilent } from "./watchdog.js";

/** The client of Redis. */
export type Client = Redis;

/** The purpose of a connection. It names the connection in `CLIENT LIST`. */
export type ConnectionRole = "publish" | "settle" | "subscribe" | `read:${string}`;

/** The differences between the connections of two roles. */
export interface ConnectionOptions {
  readonly role: ConnectionRole;
  /** Its reads may be silent for as long as they block: their silence is watched by the reader. */
  readonly blocking: boolean;
}

/** Replies that waiting does not change: the credentials, the rights or the database are wrong. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid DB|ERR DB index|ERR invalid password)/i;
const LONGEST_PAUSE_MS = 2000;

/** The settings of a connection as plain data, which can be sent to another thread. */
export interface ConnectionData {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsOptions;
  readonly connectionName: string;
  readonly connectTimeout: number;
  readonly socketTimeout: number;
}

export function connectionData(config: RedisConfig, service: string, role: string): ConnectionData {
  return {
    host: config.host,
    port: config.port,
    db: config.db,
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password === undefined ? {} : { password: config.password }),
    ...(config.tls === undefined ? {} : { tls: config.tls }),
    connectionName: `${service}:${role}`.replaceAll(/[^\x21-\x7e]/g, "_"),
    // The client gives these to timers of Node's.
    connectTimeout: Math.min(LONGEST_TIMER_MS, config.connectionTimeoutMs),
    socketTimeout: Math.min(LONGEST_TIMER_MS, config.socketTimeoutMs),
  };
}

/**
 * A connection to Redis that reconnects by itself. Nothing is queued while it is away and nothing is sent twice: a
 * command that was under way when the link broke is rejected, because only its sender knows whether it may be repeated.
 */
export class Connection {
  readonly role: ConnectionRole;
  /** The client itself. Use it after {@link ready} only. */
  readonly client: Redis;
  readonly #config: RedisConfig;
  #lastError: Error | undefined;
  #opened = false;
  readonly #clock: Clock;
  readonly #watchdog: Timer | undefined;
  #watching: Timer | undefined;
  #session = 0;
  #closed = false;

  constructor(config: RedisConfig, service: string, options: ConnectionOptions, clock: Clock) {
    this.role = options.role;
    this.#clock = clock;
    this.#config = config;
    const { socketTimeout: _, ...data } = connectionData(config, service, options.role);
    this.client = new Redis({
      ...data,
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // The client would not say when it has subscribed again, nor handle a failure of it.
      autoResubscribe: false,
      // The master has become a replica: the next connection finds the new one.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 25 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2),
    });
    // An `error` event without a listener ends the process.
    this.client.on("error", (error: Error) => {
      this.#lastError = error;
    });
    this.client.on("ready", () => {
      this.#lastError = undefined;
      this.#session++;
    });
    // Each caller that waits for it adds a listener.
    this.client.setMaxListeners(0);
    this.#watchHandshakes(config.connectionTimeoutMs);
    if (!options.blocking) this.#watchdog = endWhenSilent(this.client, config.socketTimeoutMs, clock);
  }

  /** Calls back whenever commands can be sent: the first time, and after each loss. */
  onReady(call: (again: boolean) => void): void {
    let before = false;
    this.client.on("ready", () => {
      call(before);
      before = true;
    });
  }

  /** Calls back with each new socket, before it has received anything. */
  onSocket(call: (socket: Socket) => void): void {
    this.client.on("connect", () => call(this.client.stream as Socket));
  }

  /** Calls back once for each loss of the connection, but not for {@link close} or a failed attempt to connect. */
  onLost(call: (error: Error | undefined) => void): void {
    let isThere = false;
    this.client.on("ready", () => {
      isThere = true;
    });
    this.client.on("close", () => {
      if (isThere && !this.#closed) call(this.#lastError);
      isThere = false;
    });
  }

  /**
   * Sends a PING now and then, and reconnects when it is not answered: for a connection that may receive nothing for
   * hours, whose death would not be noticed otherwise.
   */
  watch(everyMs: number): void {
    let asked = false;
    this.#watching ??= this.#clock.every(everyMs, () => {
      if (!this.isReady) asked = false;
      else if (asked) {
        asked = false;
        this.renew();
      } else {
        asked = true;
        const settle = (): void => {
          asked = false;
        };
        // A rejection means that the connection was lost by itself.
        this.client.ping().then(settle, settle);
      }
    });
  }

  /** `host:port`, for error texts. */
  get address(): string {
    return `${this.#config.host}:${this.#config.port}`;
  }

  /** How often the connection has been established. */
  get session(): number {
    return this.#session;
  }

  get isReady(): boolean {
    return this.client.status === "ready";
  }

  /**
   * Resolves when commands can be sent; connects at the first call.
   *
   * @throws {ConnectionError} `REDIS_UNAVAILABLE` when that takes longer than the connection timeout,
   * `REDIS_REFUSED` as soon as Redis refuses the credentials or the database
   */
  async ready(signal?: AbortSignal): Promise<Redis> {
    if (this.client.status === "ready") return this.client;
    if (this.#closed) throw new ClosedError(`connection ${this.role}`);
    if (!this.#opened) {
      this.#opened = true;
      this.client.connect().catch(() => {});
    }
    await this.#becomeReady(signal);
    return this.client;
  }

  /** Closes the present socket, which no longer answers, and reconnects. */
  renew(): void {
    if (!this.#closed) this.client.disconnect(true);
  }

  /** Closes the connection for good. Commands under way are rejected. */
  close(): void {
    this.#closed = true;
    this.#watching?.cancel();
    this.#watchdog?.cancel();
    this.client.disconnect(false);
  }

  /** The reason why there is no connection now. */
  failure(): ConnectionError {
    const cause = this.#lastError;
    const why =
      cause === undefined ? "no answer" : cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
    if (cause !== undefined && REFUSALS.test(cause.message)) {
      return new ConnectionError(
        "REDIS_REFUSED",
        `Redis at ${this.address} refuses this service: ${why}. Check REDIS_USERNAME, REDIS_PASSWORD and REDIS_DB, and the user's rights (ACL GETUSER)`,
        { cause },
      );
    }
    return new ConnectionError(
      "REDIS_UNAVAILABLE",
      `Redis at ${this.address} cannot be reached: ${why}. Check REDIS_HOST, REDIS_PORT or REDIS_URL, and that it runs (redis-cli -h ${this.#config.host} -p ${this.#config.port} ping)`,
      { cause },
    );
  }

  /**
   * A link may die between its first packet and the replies of the handshake. On a connection that may be silent
   * nothing else would notice: it would neither become ready nor fail.
   */
  #watchHandshakes(limitMs: number): void {
    let timer: Timer | undefined;
    this.client.on("connect", () => {
      timer?.cancel();
      timer = this.#clock.after(limitMs, () => this.renew());
    });
    for (const end of ["ready", "close", "end"]) this.client.on(end, () => timer?.cancel());
  }

  #becomeReady(signal: AbortSignal | undefined): Promise<void> {
    const { client } = this;
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        timer.cancel();
        client.off("ready", onReady);
        client.off("error", onError);
        client.off("end", onEnd);
        signal?.removeEventListener("abort", onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onReady = (): void => settle();
      const onEnd = (): void => settle(new ClosedError(`connection ${this.role}`));
      const onAbort = (): void => settle(new ClosedError(`connection ${this.role}`));
      const onError = (error: Error): void => {
        if (REFUSALS.test(error.message)) settle(this.failure());
      };
      const timer = this.#clock.after(this.#config.connectionTimeoutMs, () => settle(this.failure()));
      client.on("ready", onReady);
      client.on("error", onError);
      client.on("end", onEnd);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) onAbort();
    });
  }
}
