import {
  type ClientOptions,
  type ExistingClient,
  type MakeClient,
  type OwnClient,
  readOwnClient,
} from "./own-client.js";
import type { ClusterOptions } from "./redis-cluster.js";
import { describeMasters, type Masters, readMasters } from "./redis-masters.js";
import type { SentinelOptions } from "./redis-sentinel.js";
import { readTls, type TlsConfig, type TlsOptions } from "./redis-tls.js";
import { type RedisAddress, readRedisUrl, URL_DEMAND } from "./redis-url.js";
import type { Complete, SettingReader } from "./setting-reader.js";

/** What Redis lets a service in with. */
export interface RedisCredentials {
  /** The ACL user. @defaultValue "default" */
  readonly username?: string;
  readonly password: string;
  /**
   * Seconds until Redis no longer accepts them. They are then asked for again when three quarters of this time are over,
   * and open connections are authenticated anew. @defaultValue they do not expire
   */
  readonly expiresInSeconds?: number;
}

/** The connection to Redis. An option takes precedence over its variable. */
export interface RedisOptions {
  /**
   * `redis://user:password@host:6379/0`, `rediss://…` for TLS, `unix:///path?db=0` for a Unix socket; `valkey://` and
   * `valkeys://` mean the same. Percent-encode `@ : / ? # %` in the user and the password. Env `REDIS_URL`. Overrides
   * socket, host, port and db.
   */
  readonly url?: string;
  /** A cluster. @defaultValue none */
  readonly cluster?: ClusterOptions;
  /** A master that Sentinel watches. @defaultValue none */
  readonly sentinel?: SentinelOptions;
  /** The path of a Unix socket. Env `REDIS_SOCKET`. Overrides host and port. @defaultValue none */
  readonly socket?: string;
  /** Env `REDIS_HOST`. @defaultValue "redis" */
  readonly host?: string;
  /** Env `REDIS_PORT`. @defaultValue 6379 */
  readonly port?: number;
  /** Env `REDIS_DB`. @defaultValue 0 */
  readonly db?: number;
  /** The ACL user. Env `REDIS_USERNAME`. @defaultValue none */
  readonly username?: string;
  /** Env `REDIS_PASSWORD`. @defaultValue none */
  readonly password?: string;
  /**
   * Asked for the user and the password before each attempt to connect, and again before they expire. Calls at the same
   * time share one answer. If it throws or takes longer than the connection timeout, the attempt fails and is repeated.
   * @defaultValue username and password
   * @example
   * const credentials = async () => ({ username: "app", password: await signedToken("app"), expiresInSeconds: 900 });
   * createMessaging({ service: "orders", redis: { credentials } });
   */
  readonly credentials?: () => RedisCredentials | Promise<RedisCredentials>;
  /**
   * `true`, Node's own TLS options, or a function that returns them for each attempt to connect. `rediss://` always means
   * TLS, and a `redis://` URL in code none unless it is set here. Env `REDIS_TLS`, with the
   * files `REDIS_TLS_CA`, `REDIS_TLS_CERT`, `REDIS_TLS_KEY` and the name `REDIS_TLS_SERVERNAME`. These files are read again
   * at each attempt to connect, so that they may be replaced. @defaultValue false
   */
  readonly tls?: boolean | TlsOptions | (() => TlsOptions | Promise<TlsOptions>);
  /**
   * Own options of ioredis, such as `family`; a client of ioredis, of which only the options are read; or a
   * function that makes a client with the options that it is given. Every messaging opens connections of its own. What
   * else stands in `redis` takes precedence over it, and it over the environment.
   * @example
   * createMessaging({ service: "orders", redis: { client: { family: 6, keepAlive: 30_000 } } });
   */
  readonly client?: ClientOptions | ExistingClient | MakeClient;
  /** Maximum number of connections of one messaging. Env `REDIS_MAX_CONNECTIONS`. @defaultValue 20 */
  readonly maxConnections?: number;
  /** Seconds that one attempt to connect may take. Env `REDIS_CONNECTION_TIMEOUT`. @defaultValue 5 */
  readonly connectionTimeoutSeconds?: number;
  /** Seconds that a reply may take before its connection counts as dead. Env `REDIS_SOCKET_TIMEOUT`. @defaultValue 5 */
  readonly socketTimeoutSeconds?: number;
  /** How many replicas must have a message whose durability is `replicated`. Env `REDIS_WAIT_REPLICAS`. @defaultValue 1 */
  readonly waitReplicas?: number;
  /**
   * Seconds to wait for these replicas, less than `socketTimeoutSeconds`. Env `REDIS_WAIT_TIMEOUT`.
   * @defaultValue 1, or half the socket's timeout if that is less
   */
  readonly waitTimeoutSeconds?: number;
}

type Own = "url" | "cluster" | "sentinel" | "socket" | "username" | "password" | "credentials" | "tls" | "client";

/** The connection to Redis in effect: complete, checked, in milliseconds. */
export interface RedisConfig extends Complete<Omit<RedisOptions, Own>>, TlsConfig, Masters {
  /** Where Redis is, for texts: never with a password. */
  readonly address: string;
  readonly socket: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly credentials: RedisOptions["credentials"];
  readonly client: OwnClient;
}

const OPTIONS: { readonly [Name in keyof RedisOptions]-?: true } = {
  url: true,
  cluster: true,
  sentinel: true,
  socket: true,
  host: true,
  port: true,
  db: true,
  username: true,
  password: true,
  credentials: true,
  tls: true,
  client: true,
  maxConnections: true,
  connectionTimeoutSeconds: true,
  socketTimeoutSeconds: true,
  waitReplicas: true,
  waitTimeoutSeconds: true,
};

export function readRedis(reader: SettingReader, given: RedisOptions): RedisConfig {
  reader.refuseUnknown(given, Object.keys(OPTIONS), "redis.");
  const client = readOwnClient(reader, given.client);
  const options: RedisOptions = { ...settingsIn(client.options), ...definedOf(given) };
  const address = readAddress(reader, options);
  const host = address?.host ?? reader.host("REDIS_HOST", options.host) ?? "redis";
  const port = address?.port ?? reader.whole("REDIS_PORT", options.port, 1, 65_535, 6379);
  const socket = address === undefined ? readSocket(reader, options) : address.socket;
  if (given.credentials !== undefined && given.password !== undefined) {
    reader.problems.push("redis.credentials and redis.password are both set: leave one out");
  }
  const tls = readTls(reader, options, address?.tls);
  const masters = readMasters(reader, [given, options], { client, isSecure: tls.tls !== undefined });
  const found = describeMasters(masters, client);
  const socketTimeoutMs = reader.seconds("REDIS_SOCKET_TIMEOUT", options.socketTimeoutSeconds, 0.05, 5);
  const config: RedisConfig = {
    address: found ?? socket ?? `${host}:${port}`,
    ...masters,
    host,
    port,
    socket: found === undefined ? socket : undefined,
    db: address?.db ?? reader.whole("REDIS_DB", options.db, 0, 1_000_000, 0),
    username: address?.username ?? readUsername(reader, options, address),
    password: address?.password ?? reader.text("REDIS_PASSWORD", options.password),
    credentials: given.credentials,
    ...tls,
    client,
    maxConnections: reader.whole("REDIS_MAX_CONNECTIONS", options.maxConnections, 1, 100_000, 20),
    connectionTimeoutMs: reader.seconds("REDIS_CONNECTION_TIMEOUT", options.connectionTimeoutSeconds, 0.05, 5),
    socketTimeoutMs,
    waitReplicas: reader.whole("REDIS_WAIT_REPLICAS", options.waitReplicas, 1, 100, 1),
    waitTimeoutMs: readWaitTimeout(reader, options, socketTimeoutMs),
  };
  if (masters.cluster !== undefined && config.db !== 0) {
    reader.problems.push(`REDIS_DB or REDIS_URL names database ${config.db}: a cluster has database 0 only`);
  }
  // A URL or an option decides for them.
  reader.knows("REDIS_URL", "REDIS_SOCKET", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD");
  reader.knows("REDIS_TLS", "REDIS_TLS_CA", "REDIS_TLS_CERT", "REDIS_TLS_KEY", "REDIS_TLS_SERVERNAME");
  return config;
}

/** A reply that takes as long as the socket's timeout would be taken for a dead link. */
function readWaitTimeout(reader: SettingReader, { waitTimeoutSeconds }: RedisOptions, socketTimeoutMs: number): number {
  const byDefault = Math.min(1, socketTimeoutMs / 2000);
  const waitTimeoutMs = reader.seconds("REDIS_WAIT_TIMEOUT", waitTimeoutSeconds, 0.001, byDefault);
  if (waitTimeoutMs >= socketTimeoutMs) {
    const [given, limit] = [waitTimeoutMs / 1000, socketTimeoutMs / 1000];
    reader.problems.push(`REDIS_WAIT_TIMEOUT must be less than REDIS_SOCKET_TIMEOUT (${limit} s), not ${given} s`);
  }
  return waitTimeoutMs;
}

/** What the options of ioredis say that has an option of its own here. */
function settingsIn({ path, host, port, db, username, password, tls }: ClientOptions): Partial<RedisOptions> {
  // A client always has a host, also where it uses a socket.
  const place = path === undefined ? { host, port } : { socket: path };
  return definedOf({ ...place, db, username, password, tls });
}

function definedOf<Options extends object>(options: Options): { [Name in keyof Options]: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** An address in code takes precedence over one in the environment, of whatever form. */
function readAddress(reader: SettingReader, options: RedisOptions): RedisAddress | undefined {
  const { url, socket, host, port } = options;
  if (url === undefined && (socket !== undefined || host !== undefined || port !== undefined)) return undefined;
  const text = reader.text("REDIS_URL", url);
  if (text === undefined) return undefined;
  const address = readRedisUrl(text);
  if (address === undefined) reader.problems.push(`REDIS_URL ${URL_DEMAND}`);
  return address;
}

/** The password of a URL in code is of the default user, unless code names another. */
function readUsername(
  reader: SettingReader,
  { url, username }: RedisOptions,
  address?: RedisAddress,
): string | undefined {
  if (url !== undefined && address?.password !== undefined) return username;
  return reader.text("REDIS_USERNAME", username);
}

function readSocket(reader: SettingReader, { socket, host, port }: RedisOptions): string | undefined {
  if (socket === undefined && (host !== undefined || port !== undefined)) return undefined;
  return reader.text("REDIS_SOCKET", socket);
}
