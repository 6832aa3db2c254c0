import type { Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { Redis } from "ioredis";
import type { RedisConfig } from "../config/redis-config.js";
import { ClosedError, ConnectionError } from "../errors.js";
import { endWhenSilent } from "./watchdog.js";

/** The client that commands are sent with. Only this room names the package that it comes from. */
export type Client = Redis;

/** What a connection is for; it names the connection in `CLIENT LIST`. */
export type ConnectionRole = "publish" | "settle" | "subscribe" | `read:${string}`;

/** How one role's connection differs from another's. */
export interface ConnectionOptions {
  readonly role: ConnectionRole;
  /** A blocking read may be silent for its whole block: its silence is watched by its reader instead. */
  readonly blocking: boolean;
}

/** Replies that no waiting will change: the credentials, the rights or the database are wrong. */
const REFUSALS = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid DB|ERR DB index|ERR invalid password)/i;
const LONGEST_PAUSE_MS = 2000;

/** What every connection needs, as plain data that another thread can be given. */
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
    connectTimeout: config.connectionTimeoutMs,
    socketTimeout: config.socketTimeoutMs,
  };
}

/**
 * One connection to Redis that comes back by itself. Nothing is queued while it is away and nothing is sent a second
 * time: a command that was under way when the link broke is rejected, because only its sender knows whether a repeat
 * is harmless.
 */
export class Connection {
  readonly role: ConnectionRole;
  /** The client itself. Use it after {@link ready} only. */
  readonly client: Redis;
  readonly #config: RedisConfig;
  #lastError: Error | undefined;
  #opened = false;
  readonly #watchdog: NodeJS.Timeout | undefined;
  #watching: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(config: RedisConfig, service: string, options: ConnectionOptions) {
    this.role = options.role;
    this.#config = config;
    const { socketTimeout, ...data } = connectionData(config, service, options.role);
    this.client = new Redis({
      ...data,
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: true,
      // A replica that was a master until a failover: the next connection finds the new one.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 25 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2),
    });
    // Without a listener ioredis prints each error; an `error` event without one ends the process.
    this.client.on("error", (error: Error) => {
      this.#lastError = error;
    });
    this.client.on("ready", () => {
      this.#lastError = undefined;
    });
    // Everyone who waits for it listens; while Redis is away there may be many.
    this.client.setMaxListeners(0);
    this.#watchOverBeginnings(config.connectionTimeoutMs);
    if (!options.blocking) this.#watchdog = endWhenSilent(this.client, socketTimeout);
  }

  /** Calls back whenever commands can be sent: the first time, and again after each loss. */
  onReady(call: (again: boolean) => void): void {
    let before = false;
    this.client.on("ready", () => {
      call(before);
      before = true;
    });
  }

  /** Calls back with each socket that the connection has, before anything has come from it. */
  onSocket(call: (socket: Socket) => void): void {
    this.client.on("connect", () => call(this.client.stream as Socket));
  }

  /** Calls back whenever the connection is lost, once a loss; not for {@link close}, nor for attempts to connect. */
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
   * Asks for a sign of life now and then, and connects anew when there is none: for a connection on which nothing may
   * come for hours, whose death would otherwise go unnoticed.
   */
  watch(everyMs: number): void {
    let asked = false;
    this.#watching ??= setInterval(() => {
      if (!this.isReady) asked = false;
      else if (asked) {
        asked = false;
        this.renew();
      } else {
        asked = true;
        const settle = (): void => {
          asked = false;
        };
        // Refused means that the connection was lost by itself: the next one is not to blame for it.
        this.client.ping().then(settle, settle);
      }
    }, everyMs).unref();
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

  /** Drops the present socket, which no longer answers, and connects anew. */
  renew(): void {
    if (!this.#closed) this.client.disconnect(true);
  }

  /** Ends the connection for good. What is under way is rejected. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#watching);
    clearInterval(this.#watchdog);
    this.client.disconnect(false);
  }

  /** Why there is no connection now, as an error for whoever needed it. */
  failure(): ConnectionError {
    const where = `${this.#config.host}:${this.#config.port}`;
    const cause = this.#lastError;
    const why =
      cause === undefined ? "no answer" : cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
    if (cause !== undefined && REFUSALS.test(cause.message)) {
      return new ConnectionError(
        "REDIS_REFUSED",
        `Redis at ${where} refuses this service: ${why}. Check REDIS_USERNAME, REDIS_PASSWORD and REDIS_DB, and the user's rights (ACL GETUSER)`,
        { cause },
      );
    }
    return new ConnectionError(
      "REDIS_UNAVAILABLE",
      `Redis at ${where} cannot be reached: ${why}. Check REDIS_HOST, REDIS_PORT or REDIS_URL, and that it runs (redis-cli -h ${this.#config.host} -p ${this.#config.port} ping)`,
      { cause },
    );
  }

  /**
   * A link may go dead between its first packet and the answers with which a connection begins. Nothing else would
   * notice on a connection that may be silent: it would never become ready, nor fail.
   */
  #watchOverBeginnings(limitMs: number): void {
    let timer: NodeJS.Timeout | undefined;
    this.client.on("connect", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.renew(), limitMs);
    });
    for (const end of ["ready", "close", "end"]) this.client.on(end, () => clearTimeout(timer));
  }

  #becomeReady(signal: AbortSignal | undefined): Promise<void> {
    const { client } = this;
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
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
      const timer = setTimeout(() => settle(this.failure()), this.#config.connectionTimeoutMs);
      client.on("ready", onReady);
      client.on("error", onError);
      client.on("end", onEnd);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) onAbort();
    });
  }
}
