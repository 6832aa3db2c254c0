import type { DeadLetters } from "../letters/dead-letters.js";
import type { Connection } from "../redis/connection.js";
import { type OperationsOptions, Operator } from "./operator.js";
import { deadLettersOf } from "./redis-dead-letters.js";

/**
 * Gives an operator access to the dead letters: to inspect, redrive or discard them. Reads the same variables as the
 * services.
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
    const { config, connection } = new Operator(options, { name: "operator" });
    this.#connection = connection;
    this.deadLetters = deadLettersOf(config, connection);
  }

  /** Closes the connection. */
  close(): void {
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
