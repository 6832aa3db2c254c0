import { MessagingError } from "../../errors.js";
import { systemClock } from "../../time/clock.js";
import { Pause } from "../../time/pause.js";
import { type OperationsOptions, Operator } from "../operator.js";
import { lookAtInstallation } from "./installation-look.js";
import type { Look } from "./look.js";
import { type Installation, type Plan, planOf } from "./plan.js";
import type { Status } from "./status.js";

/** Settings of a look at an installation. */
export interface StatusOptions extends OperationsOptions, Installation {}

/**
 * Looks at an installation, again and again: from the second look on it tells how much things grow, and hears of members whose
 * clocks are wrong. A look only reads. It asks Redis in some six round trips, however much there is, and scans nothing that
 * grows: of entries and dead letters it reads the newest, a bounded number of them.
 *
 * @example
 * await using reader = new StatusReader({ messages: Object.values(catalogue.messages) });
 * const [worst] = diagnose(await reader.read());
 */
export class StatusReader implements AsyncDisposable {
  readonly #operator: Operator;
  readonly #plan: Plan;
  #earlier: Look | undefined;

  /** @throws {ConfigError} naming every bad setting */
  constructor({ messages, streams, ...settings }: StatusOptions = {}) {
    this.#operator = new Operator(settings, { name: "status", connectionName: "status" });
    this.#plan = planOf(this.#operator.config, { ...(messages && { messages }), ...(streams && { streams }) });
  }

  /**
   * @throws {ConnectionError} Redis cannot be reached, or lets this user not in. A right that is missing is no error: what it would
   * tell is `null`, and `refused` names the command
   */
  async read(): Promise<Status> {
    const found = await lookAtInstallation(this.#operator.routes, this.#plan, this.#earlier);
    this.#earlier = found;
    return found.status;
  }

  /**
   * Looks now and then until the signal aborts. A look that fails is yielded as its error, and the next one follows.
   *
   * @example
   * await using reader = new StatusReader();
   * for await (const seen of reader.watch(5000, AbortSignal.timeout(60_000))) {
   *   console.log(seen instanceof MessagingError ? seen.message : diagnose(seen));
   * }
   */
  async *watch(everyMs: number, signal: AbortSignal): AsyncGenerator<Status | MessagingError, void, undefined> {
    const pause = new Pause(signal, systemClock, () => {});
    while (!signal.aborted) {
      yield await this.read().catch((error: unknown) => {
        if (error instanceof MessagingError) return error;
        throw error;
      });
      await pause.for(everyMs);
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#operator.routes.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Looks at an installation once, see {@link StatusReader}.
 *
 * @throws {ConfigError} naming every bad setting
 * @throws {ConnectionError} Redis cannot be reached, or lets this user not in
 * @example
 * const status = await readStatus({ redis: { url: "redis://localhost" } });
 * for (const { severity, sentence, command } of diagnose(status)) console.log(severity, sentence, command);
 */
export async function readStatus(options: StatusOptions = {}): Promise<Status> {
  await using reader = new StatusReader(options);
  return await reader.read();
}
