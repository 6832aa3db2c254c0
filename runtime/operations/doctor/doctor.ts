import type { Config } from "../../config/config.js";
import { ConfigError } from "../../errors.js";
import type { Client } from "../../redis/connection.js";
import { assertSupported } from "../../redis/requirement.js";
import { systemClock } from "../../time/clock.js";
import { type OperationsOptions, Operator } from "../operator.js";
import type { Routes } from "../routes.js";
import { durability } from "./durability.js";
import { type Finding, failed, shownFinding } from "./finding.js";
import { DoctorProbe } from "./probe.js";
import { survey } from "./survey.js";

/** Settings of an examination. */
export interface DoctorOptions extends OperationsOptions {
  /** Seconds that one check waits for its message. @defaultValue 10 */
  readonly timeoutSeconds?: number;
}

const PINGS = 10;

/**
 * Examines an installation: its settings, its Redis, and a round trip of every kind of message. The messages are sent
 * in an environment of their own, which is removed at the end. The configured environment is only read. The examination
 * ends in bounded time in any state of Redis, and never throws.
 *
 * @example
 * for await (const { check, verdict, text } of examine()) console.log(verdict, check, text);
 */
export async function* examine(options: DoctorOptions = {}): AsyncGenerator<Finding, void, undefined> {
  for await (const finding of look(options)) yield shownFinding(finding);
}

async function* look(options: DoctorOptions): AsyncGenerator<Finding> {
  let operator: Operator;
  try {
    operator = new Operator(options, { name: "doctor", connectionName: "doctor", options: ["timeoutSeconds"] });
  } catch (error) {
    const lines = error instanceof ConfigError ? error.problems : [String(error)];
    yield { check: "configuration", verdict: "bad", text: "settings are wrong", lines };
    return;
  }
  const { config, routes } = operator;
  try {
    yield configuration(operator);
    yield await routes.ask((client) => connected(client, config));
    yield* probe(routes, options, config);
    yield* durability(config, (question) => routes.ask(question));
    yield* survey(routes, config);
  } catch (error) {
    yield failed("Redis", error);
  } finally {
    routes.close();
  }
}

function configuration({ config, service }: Operator): Finding {
  const check = "configuration";
  const lines = describe(config);
  if (service !== undefined) return { check, verdict: "good", text: `service ${service}`, lines };
  return { check, verdict: "notable", text: "SERVICE_NAME is not set: every service needs it", lines };
}

async function* probe(routes: Routes, options: DoctorOptions, config: Config): AsyncGenerator<Finding> {
  const { timeoutSeconds = 10, ...settings } = options;
  const probing = new DoctorProbe(settings, config, timeoutSeconds * 1000);
  let cleaned: Finding;
  try {
    yield* probing.run();
  } finally {
    cleaned = await probing.clean(routes);
  }
  yield cleaned;
}

async function connected(client: Client, { redis }: Config): Promise<Finding> {
  const where = redis.address;
  await assertSupported(client, where);
  const info = await client.info("server");
  const valkey = /valkey_version:(\S+)/.exec(info)?.[1];
  const version = valkey === undefined ? `Redis ${/redis_version:(\S+)/.exec(info)?.[1]}` : `Valkey ${valkey}`;
  const latencies: number[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    const began = systemClock.now();
    await client.ping();
    latencies.push(systemClock.now() - began);
  }
  const median = latencies.sort((a, b) => a - b)[PINGS / 2] as number;
  return { check: "Redis", verdict: "good", text: `${version} at ${where}, answers in ${median.toFixed(2)} ms` };
}

function describe(config: Config): string[] {
  const { redis, ...rest } = config;
  const asks = redis.credentials !== undefined;
  const password = asks ? "asked for" : redis.password === undefined ? "none" : "set, not shown";
  const user = asks ? "asked for" : (redis.username ?? "default");
  const tls = redis.tls === undefined ? "off" : "on";
  const settings = Object.entries({ ...rest, redis: undefined }).filter(([, value]) => value !== undefined);
  return [
    `redis: ${redis.address}, db ${redis.db}, user ${user}, password ${password}, tls ${tls}`,
    `connections: at most ${redis.maxConnections}, connectionTimeoutMs ${redis.connectionTimeoutMs}, socketTimeoutMs ${redis.socketTimeoutMs}`,
    ...settings.map(([name, value]) => `${name}: ${String(value)}`),
  ];
}
