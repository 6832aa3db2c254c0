import { isIP, type Socket } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { RedisConfig } from "../config/redis-config.js";
import type { TlsOptions } from "../config/redis-tls.js";
import { ConfigError } from "../errors.js";
import { type Clock, LONGEST_TIMER_MS } from "../time/clock.js";
import { nameOf } from "./client.js";
import { askedTls, credentialSourceOf } from "./credentials.js";
import type { Route } from "./route.js";

/** Where the heartbeat's thread connects to, and as whom. */
export type ThreadPlace = Pick<RedisConfig, "host" | "port" | "socket" | "db" | "username" | "password" | "tls">;

/** The settings of the thread's connection, as plain data. */
export interface ThreadConnection extends ThreadPlace, Pick<RedisConfig, "tlsFiles"> {
  readonly connectionName: string;
  readonly connectTimeout: number;
  readonly socketTimeout: number;
  /** Where the beats of each round go to the master of their slot. */
  readonly cluster: RedisConfig["cluster"];
  /** Whether the place is to be asked for before each attempt to connect. */
  readonly asks: boolean;
  /** Whether the server's certificate is to be shown to `checkServerIdentity`, which is a function of the main thread. */
  readonly checksIdentity: boolean;
}

/** @throws {ConfigError} when the TLS options hold what cannot be passed to a thread */
export function threadConnection(config: RedisConfig, service: string): ThreadConnection {
  const { host, port, socket, db, username, password, tls, tlsFiles } = config;
  return {
    ...{ host, port, socket, db, username, password, tlsFiles },
    tls: plain(tls),
    connectionName: nameOf(service, "heartbeat"),
    connectTimeout: Math.min(LONGEST_TIMER_MS, config.connectionTimeoutMs),
    socketTimeout: Math.min(LONGEST_TIMER_MS, config.socketTimeoutMs),
    asks: [config.credentials, config.askTls, config.sentinel].some(Boolean) || config.client.findsRedis,
    cluster: config.cluster,
    checksIdentity: config.askTls !== undefined || tls?.checkServerIdentity !== undefined,
  };
}

/** What only the main thread can tell. */
export type ThreadQuestion =
  | { readonly question: "place" }
  | { readonly question: "identity"; readonly name: string; readonly certificate: PeerCertificate };

/** Never rejects: a failure is an answer. @param route - where a client that finds Redis by itself has found it */
export async function answerTo(
  asked: ThreadQuestion,
  config: RedisConfig,
  route: Route,
  clock: Clock,
): Promise<{ readonly place?: Partial<ThreadPlace>; readonly failure?: string }> {
  try {
    if (asked.question === "place") return { place: await placeNow(config, route, clock) };
    const tls = (await askedTls(config, clock)) ?? config.tls;
    const failure = (tls?.checkServerIdentity ?? checkServerIdentity)(asked.name, asked.certificate);
    return failure === undefined ? {} : { failure: failure.message };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function placeNow(config: RedisConfig, route: Route, clock: Clock): Promise<Partial<ThreadPlace>> {
  const found = config.sentinel !== undefined || config.client.findsRedis ? placeOf(config, route) : {};
  const { username, password } = (await credentialSourceOf(config, clock)?.get()) ?? {};
  const tls = await askedTls(config, clock);
  return { ...found, ...(password !== undefined && { username, password }), ...(tls && { tls: plain(tls) }) };
}

/** Where a client that finds Redis by itself has found it. */
function placeOf({ sentinel }: RedisConfig, { client }: Route): Partial<ThreadPlace> {
  const { remoteAddress, remotePort } = (client.stream ?? {}) as Partial<Socket>;
  const { host, path, db, username, password, tls, sentinels } = client.options;
  const place = path ? { socket: path } : { host: remoteAddress, port: remotePort };
  if (!path && remoteAddress === undefined) throw new Error("there is no open connection that says where Redis is");
  // A name is what the certificate is compared with, not the address that was found for it.
  const name = sentinels || sentinel || !host || isIP(host) ? {} : { servername: host };
  const named = tls ? { ...name, ...plain(tls) } : undefined;
  return { ...place, db, username: username ?? undefined, password: password ?? undefined, tls: named } as ThreadPlace;
}

/** TLS options without functions: the one that is allowed is called by the main thread. */
function plain(tls: TlsOptions | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  const { checkServerIdentity: _, ...rest } = tls;
  for (const [name, value] of Object.entries(rest)) {
    try {
      structuredClone(value);
    } catch {
      const text = `redis.tls.${name} cannot be passed to the heartbeat's thread: use plain data (ca, cert, key, servername)`;
      throw new ConfigError([text]);
    }
  }
  return rest;
}
