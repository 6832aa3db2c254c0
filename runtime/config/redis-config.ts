import { readFileSync } from "node:fs";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Complete, SettingReader } from "./setting-reader.js";

/** The connection to Redis. An option takes precedence over its variable. */
export interface RedisOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://…` for TLS. Env `REDIS_URL`. Overrides host, port and db. */
  readonly url?: string;
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
   * `true`, or Node's own TLS options. `rediss://` always means TLS, and a `redis://` URL in code none unless it is set here.
   * Env `REDIS_TLS`, with the files `REDIS_TLS_CA`, `REDIS_TLS_CERT`,
   * `REDIS_TLS_KEY` and the name `REDIS_TLS_SERVERNAME`. These files are read again at each attempt to connect, so that
   * they may be replaced; options given in code are used as they are. @defaultValue false
   */
  readonly tls?: boolean | TlsOptions;
  /** Maximum number of connections of one messaging. Env `REDIS_MAX_CONNECTIONS`. @defaultValue 20 */
  readonly maxConnections?: number;
  /** Seconds that one attempt to connect may take. Env `REDIS_CONNECTION_TIMEOUT`. @defaultValue 5 */
  readonly connectionTimeoutSeconds?: number;
  /** Seconds that a reply may take before its connection counts as dead. Env `REDIS_SOCKET_TIMEOUT`. @defaultValue 5 */
  readonly socketTimeoutSeconds?: number;
}

/** The connection to Redis in effect: complete, checked, in milliseconds. */
export interface RedisConfig extends Complete<Omit<RedisOptions, "url" | "username" | "password" | "tls">> {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Those that stand in files are read each time that they are used. */
  readonly tls: TlsOptions | undefined;
  /** The paths of these files, by option. */
  readonly tlsFiles: Readonly<Record<string, string>>;
}

const OPTIONS: { readonly [Name in keyof RedisOptions]-?: true } = {
  url: true,
  host: true,
  port: true,
  db: true,
  username: true,
  password: true,
  tls: true,
  maxConnections: true,
  connectionTimeoutSeconds: true,
  socketTimeoutSeconds: true,
};

export function readRedis(reader: SettingReader, options: RedisOptions): RedisConfig {
  reader.refuseUnknown(options, Object.keys(OPTIONS), "redis.");
  const address = readUrl(reader, options);
  const tlsFiles = readTlsFiles(reader, options);
  const config = {
    host: address?.host ?? reader.host("REDIS_HOST", options.host) ?? "redis",
    port: address?.port ?? reader.whole("REDIS_PORT", options.port, 1, 65_535, 6379),
    db: address?.db ?? reader.whole("REDIS_DB", options.db, 0, 1_000_000, 0),
    username: address?.username ?? readUsername(reader, options, address),
    password: address?.password ?? reader.text("REDIS_PASSWORD", options.password),
    tls: readTls(reader, options, { byUrl: address?.tls, tlsFiles }),
    tlsFiles,
    maxConnections: reader.whole("REDIS_MAX_CONNECTIONS", options.maxConnections, 1, 100_000, 20),
    connectionTimeoutMs: reader.seconds("REDIS_CONNECTION_TIMEOUT", options.connectionTimeoutSeconds, 0.05, 5),
    socketTimeoutMs: reader.seconds("REDIS_SOCKET_TIMEOUT", options.socketTimeoutSeconds, 0.05, 5),
  };
  // A URL or an option decides for them.
  reader.knows("REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD");
  reader.knows("REDIS_TLS", "REDIS_TLS_CA", "REDIS_TLS_CERT", "REDIS_TLS_KEY", "REDIS_TLS_SERVERNAME");
  return config;
}

interface Address extends Pick<RedisConfig, "host" | "port" | "username" | "password"> {
  readonly db: number | undefined;
  readonly tls: boolean;
}

/** A host given in code takes precedence over a URL in the environment. */
function readUrl(reader: SettingReader, options: RedisOptions): Address | undefined {
  if (options.url === undefined && (options.host !== undefined || options.port !== undefined)) return undefined;
  const text = reader.text("REDIS_URL", options.url);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const db = url?.pathname.replace(/^\//, "") ?? "";
  const user = decoded(url?.username);
  const password = decoded(url?.password);
  const understood = url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== "" && url.port !== "0";
  if (!understood || !/^\d*$/.test(db) || user === undefined || password === undefined) {
    reader.problems.push("REDIS_URL must read redis://user:password@host:6379/0 (rediss:// for TLS)");
    return undefined;
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    db: db === "" ? undefined : Number(db),
    username: user || undefined,
    password: password || undefined,
    tls: url.protocol === "rediss:",
  };
}

/** The password of a URL in code is of the default user, unless code names another. */
function readUsername(reader: SettingReader, { url, username }: RedisOptions, address?: Address): string | undefined {
  if (url !== undefined && address?.password !== undefined) return username;
  return reader.text("REDIS_USERNAME", username);
}

/** `undefined` for text with a stray `%`, as an unencoded password may contain. */
function decoded(text = ""): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readTlsFiles(reader: SettingReader, { tls }: RedisOptions): Record<string, string> {
  if (typeof tls === "object") return {};
  const variables = { ca: "REDIS_TLS_CA", cert: "REDIS_TLS_CERT", key: "REDIS_TLS_KEY" };
  const given = Object.entries(variables).map(([option, variable]) => [option, reader.file(variable)] as const);
  return Object.fromEntries(given.filter(([, path]) => path !== undefined)) as Record<string, string>;
}

interface TlsSources extends Pick<RedisConfig, "tlsFiles"> {
  readonly byUrl: boolean | undefined;
}

function readTls(
  reader: SettingReader,
  options: RedisOptions,
  { byUrl, tlsFiles }: TlsSources,
): TlsOptions | undefined {
  if (typeof options.tls === "object") return options.tls;
  // The variable's default must not send in clear what the URL wants encrypted, and it does not touch a URL in code.
  const isUrlInCode = options.url !== undefined;
  const asked = isUrlInCode ? options.tls : reader.flag("REDIS_TLS", options.tls);
  if (byUrl && options.tls === false) {
    reader.problems.push("redis.tls is false, but the URL is rediss://: leave it out, or write redis:// for no TLS");
  }
  const servername = reader.text("REDIS_TLS_SERVERNAME");
  const tls: TlsOptions = servername === undefined ? {} : { servername };
  for (const [option, path] of Object.entries(tlsFiles)) {
    let last: string;
    // While a file is being replaced it may be missing: what it last held is as good as nothing.
    const get = (): string => {
      try {
        last = readFileSync(path, "utf8");
      } catch {}
      return last;
    };
    Object.defineProperty(tls, option, { get, enumerable: true });
  }
  if (byUrl || asked) return tls;
  if (Object.keys(tls).length > 0 && !isUrlInCode) {
    reader.problems.push("REDIS_TLS_… is set, but TLS is off: set REDIS_TLS=true or a rediss:// REDIS_URL");
  }
  return undefined;
}
