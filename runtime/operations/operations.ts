import type { Config } from "../config/config.js";
import type { DeadLetters } from "../letters/dead-letters.js";
import { AuditTrail } from "./audit/audit-trail.js";
import { type RecordedChange, recordedChanges } from "./audit/recorded-changes.js";
import { Groups } from "./groups/groups.js";
import { type OperationsOptions, Operator } from "./operator.js";
import { Partitions } from "./partitions/partitions.js";
import { deadLettersOf } from "./redis-dead-letters.js";
import type { Routes } from "./routes.js";

/**
 * Gives an operator access to the dead letters, to inspect, redrive or discard them, and to the groups. Reads the same variables as the
 * services.
 *
 * @example
 * await using operations = new Operations();
 * for await (const letter of operations.deadLetters.list("events")) console.log(letter.type, letter.reason);
 */
export class Operations implements AsyncDisposable {
  readonly deadLetters: DeadLetters;
  /** Records what an operator changes, as the commands of `merp` do. */
  readonly audit: AuditTrail;
  readonly #config: Config;
  /** The groups of the streams: to pause and resume them, to have them retry at once, to remove them. */
  readonly groups: Groups;
  /** The partitions of the streams. */
  readonly partitions: Partitions;
  readonly #routes: Routes;

  /** @throws {ConfigError} naming every bad setting */
  constructor(options: OperationsOptions = {}) {
    const { config, routes } = new Operator(options, { name: "operator" });
    this.#config = config;
    this.#routes = routes;
    this.audit = new AuditTrail(config, routes);
    this.deadLetters = deadLettersOf(config, routes);
    this.groups = new Groups(config, routes);
    this.partitions = new Partitions(config, routes);
  }

  /**
   * Reads what operators changed, the newest first, page by page.
   *
   * @param since - only changes that began then or later
   * @example
   * await using operations = new Operations();
   * for await (const { at, who, action, state } of operations.changes()) console.log(at, who, action, state);
   */
  changes(since?: Date): AsyncGenerator<RecordedChange, void, undefined> {
    return recordedChanges(this.#config, this.#routes, since);
  }

  /** Closes the connections. */
  close(): void {
    this.#routes.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
