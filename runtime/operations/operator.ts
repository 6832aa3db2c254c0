import { type Config, readConfig, type Settings } from "../config/config.js";
import type { Variables } from "../config/setting-reader.js";
import { Routes } from "./routes.js";

/** Settings of an operator's tool: those of a service, read from the same variables. */
export interface OperationsOptions extends Settings {
  /** The variables to read settings from. @defaultValue process.env */
  readonly env?: Variables;
}

/** One of the operator's tools. */
export interface Tool {
  /** Stands in for a service name that neither the options nor `SERVICE_NAME` give. */
  readonly name: string;
  /** The connections' name in `CLIENT LIST`, before the role. @defaultValue the service's name */
  readonly connectionName?: string;
  /** The names of its own options. */
  readonly options?: readonly string[];
}

/** The settings and the connections of an operator's tool. It connects at the first use. */
export class Operator {
  readonly config: Config;
  readonly routes: Routes;
  /** The configured service name; `undefined` when the tool's name stands in for it. */
  readonly service: string | undefined;

  /** @throws {ConfigError} naming every bad setting */
  constructor(options: OperationsOptions, { name, connectionName, options: own = [] }: Tool) {
    const env = options.env ?? process.env;
    this.service = options.service ?? (env["SERVICE_NAME"] || undefined);
    this.config = readConfig({ ...options, service: this.service ?? name }, "fields", env, ["env", ...own]);
    this.routes = new Routes(this.config, connectionName ?? this.config.service);
  }
}
