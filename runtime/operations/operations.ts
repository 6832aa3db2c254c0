import { type Config, readConfig, type Settings } from "../config/config.js";
import type { Variables } from "../config/setting-reader.js";
import { Connection } from "../redis/connection.js";
import { DeadLetters } from "./dead-letters.js";

/** How an operator's tools reach the messaging: the same settings as a service's. */
export interface OperationsOptions extends Settings {
  /** @defaultValue process.env */
  readonly env?: Variables;
}

/**
 * What an operator does at three in the morning: look into the dead letters, give them another try, or set them aside.
 * Reads the same environment as the services.
 *
 * @example
 * await using operations = new Operations();
 * for await (const letter of operations.deadLetters.list("events")) console.log(letter.type, letter.reason);
 */
export class Operations implements AsyncDisposable {
  readonly deadLetters: DeadLetters;
  readonly #connection: Connection;

  /** @throws {ConfigError} naming every bad setting */
  constructor(options: OperationsOptions = {}) {
    const env = options.env ?? process.env;
    const service = options.service ?? (env["SERVICE_NAME"] || "operator");
    const config: Config = readConfig({ ...options, service }, "json", env);
    this.#connection = new Connection(config.redis, config.service, { role: "settle", blocking: false });
    this.deadLetters = new DeadLetters(config, this.#connection);
  }

  close(): void {
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
