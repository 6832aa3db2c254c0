import { type Config, readConfig, type Settings } from "../config/config.js";
import type { Variables } from "../config/setting-reader.js";
import { Connection } from "../redis/connection.js";
import { systemClock } from "../time/clock.js";

/** Settings of an operator's tool: those of a service, read from the same variables. */
export interface OperationsOptions extends Settings {
  /** The variables to read settings from. @defaultValue process.env */
  readonly env?: Variables;
}

/** One of the operator's tools. */
export interface Tool {
  /** Stands in for a service name that neither the options nor `SERVICE_NAME` give. */
  readonly name: string;
  /** The connection's name in `CLIENT LIST`, before the role. @defaultValue the service's name */
  readonly connectionName?: string;
  /** The names of its own options. */
  readonly options?: readonly string[];
}

/** The settings and the connection of an operator's tool. It connects at the first use. */
export class Operator {
  readonly config: Config;
  readonly connection: Connection;
  /** The configured service name; `undefined` when the tool's name stands in for it. */
  readonly service: string | undefined;

  /** @throws {ConfigError} naming every bad setting */
  constructor(options: OperationsOptions, { name, connectionName, options: own = [] }: Tool) {
    const env = options.env ?? process.env;
    this.service = options.service ?? (env["SERVICE_NAME"] || undefined);
    this.config = readConfig({ ...options, service: this.service ?? name }, "fields", env, ["env", ...own]);
    const { redis, service } = this.config;
    this.connection = new Connection(redis, connectionName ?? service, "settle", systemClock);
  }
}
