import { Socket } from "node:net";
import type { Redis } from "ioredis";
import type { RedisConfig, RedisCredentials } from "../config/redis-config.js";
import { ConfigError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import { askedTls, type CredentialSource } from "./credentials.js";
import { makeDiscreet } from "./discreet.js";
import { loadIoredis } from "./load-ioredis.js";
import { connectorOf } from "./node-connector.js";
import type { NodeSearch } from "./node-finder.js";
import { checkQuietly } from "./ready-check.js";

const LONGEST_PAUSE_MS = 2000;
/** Where a master is replaced, the connection is to find the new one soon. */
const LONGEST_SEARCH_MS = 500;

/** What delivery depends on, whatever else the client is told. */
const OURS = {
  lazyConnect: true,
  // Commands are neither kept nor sent twice: only the sender knows whether it may repeat one.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  // The client would neither tell that it has subscribed again nor handle a failure.
  autoResubscribe: false,
};

/** @param longestMs - how long it pauses at most between two attempts to connect */
function retryAfter(longestMs: number): (times: number) => number {
  return (times) => Math.min(longestMs, 25 * 2 ** Math.min(times, 10)) * (0.5 + Math.random() / 2);
}

export interface ClientParts {
  readonly connectionName: string;
  readonly connectTimeout: number;
  readonly credentials: CredentialSource | undefined;
  readonly clock: Clock;
  /** No attempt to connect begins any more. */
  readonly isClosed: () => boolean;
  /** Whether the error that Redis has replied means that another node is to be connected to. */
  readonly leavesOn: (error: Error) => boolean;
  /** Where the node is not always the same. */
  readonly search: NodeSearch | undefined;
}

/** The client of one connection. It asks for what may have changed before each attempt to connect. */
export function createClient(config: RedisConfig, parts: ClientParts): Redis {
  const { host, port, socket, db, username, password, tls, client } = config;
  const { connectionName, connectTimeout, search } = parts;
  const ours = {
    ...OURS,
    reconnectOnError: parts.leavesOn,
    retryStrategy: retryAfter(search === undefined ? LONGEST_PAUSE_MS : LONGEST_SEARCH_MS),
  };
  const { path: _path, username: _username, password: _password, tls: _tls, ...own } = client.options;
  const options = {
    ...own,
    ...ours,
    ...{ host, port, db, username, password, tls },
    ...(socket !== undefined && { path: socket }),
    connectionName,
    connectTimeout,
    ...(search !== undefined && { Connector: connectorOf(search) }),
  };
  const made = client.make === undefined ? new (loadIoredis().Redis)(options) : client.make(options);
  assertObeys(made, { ...ours, connectionName });
  makeDiscreet(made);
  checkQuietly(made);
  askBeforeConnecting(made, config, parts);
  return made;
}

/** @throws {ConfigError} if a function made a client with other options, or the same client again */
function assertObeys(made: Redis, demanded: Readonly<Record<string, unknown>>): void {
  const lost = Object.entries(demanded)
    .filter(([name, value]) => (made?.options as Record<string, unknown> | undefined)?.[name] !== value)
    .map(([name]) => name);
  if (lost.length === 0 && !made.options.keyPrefix && made.status === "wait") return;
  made?.disconnect?.();
  const what = lost.length > 0 ? lost.join(", ") : "no keyPrefix";
  throw new ConfigError([`redis.client must return a new client that has the options it was given: ${what}`]);
}

/**
 * Wraps what opens the socket. What throws there would end the client for good: credentials that cannot be had, a file of
 * a certificate that is half written. It counts as a failed attempt to connect instead.
 */
function askBeforeConnecting(client: Redis, config: RedisConfig, parts: ClientParts): void {
  const { credentials, clock, isClosed } = parts;
  const connector = client["connector"];
  const open = connector.connect.bind(connector);
  const prepare = async (): Promise<void> => {
    if (credentials !== undefined) {
      const given = await credentials.get();
      if (client.condition) client.condition.auth = authOf(given);
    }
    if (config.askTls !== undefined) client.options.tls = await askedTls(config, clock);
    if (isClosed()) throw new Error("Connection is closed.");
  };
  const needsAsking = credentials !== undefined || config.askTls !== undefined;
  connector.connect = async (...emitter: Parameters<typeof open>) => {
    try {
      if (needsAsking) await prepare();
      const stream = await open(...emitter);
      // A TLS handshake that is broken off may tell of two errors. The client hears one; another would end the process.
      stream.on("error", () => {});
      stream.once("close", () => forget(connector, stream));
      return stream;
    } catch (error) {
      connector.firstError = error as Error;
      return new Socket().destroy();
    }
  };
}

/** To disconnect, the driver ends its socket and waits 2 s for that. One that is closed would keep the process for as long. */
function forget(connector: object, stream: unknown): void {
  const holder = connector as { stream?: unknown };
  if (holder.stream === stream) holder.stream = undefined;
}

/** The arguments of `AUTH`. */
export function authOf({ username = "default", password }: RedisCredentials): [username: string, password: string] {
  return [username, password];
}

/** The name of a connection in `CLIENT LIST`. */
export function nameOf(service: string, role: string): string {
  return `${service}:${role}`.replaceAll(/[^\x21-\x7e]/g, "_");
}
