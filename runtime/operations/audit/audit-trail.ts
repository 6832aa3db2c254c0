import { type Config, prefixed } from "../../config/config.js";
import { MessagingError } from "../../errors.js";
import { ourError } from "../../redis/driver-error.js";
import type { Route } from "../../redis/route.js";
import { reworded } from "../reworded.js";
import type { Routes } from "../routes.js";

/** The stream that holds what operators changed. */
export const AUDIT_STREAM = "merp:audit";
/** Some more than so many entries are kept. */
const KEPT = 100_000;

/** A change that an operator makes. */
export interface Change {
  /** The command: `dead-letters redrive`. */
  readonly action: string;
  /** What it changes: a stream, a group, the id of a letter. */
  readonly target: string;
  /** The reason that the operator gives. */
  readonly why?: string | undefined;
  /** Who makes it. */
  readonly who: string;
  /** Everything else that tells one change from another: filters, limits, digests. No content of messages. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What became of a change. */
export type Outcome = Readonly<Record<string, unknown>>;

/**
 * The record of what operators changed: who, when, why, and what came of it. Redis' own clock gives the time, as the id of
 * the entry. A change has two entries, so that one which was cut off is seen: `begun`, and `done` or `failed`, which names
 * the id of the first.
 */
export class AuditTrail {
  readonly #route: Route;
  readonly #stream: string;

  constructor(config: Config, routes: Routes) {
    this.#stream = prefixed(config, AUDIT_STREAM);
    this.#route = routes.at(this.#stream);
  }

  /**
   * Makes a change and records it. Nothing is changed where the record cannot be written. If that ends while the change is made, the
   * record keeps its beginning.
   *
   * @param make - its result is recorded, and must hold no content of messages
   * @throws whatever the change throws; it is recorded as failed
   * @throws {ConnectionError} the record cannot be written; its text says whether the change was made
   */
  async recorded<Result extends Outcome>(change: Change, make: () => Promise<Result>): Promise<Result> {
    const { action, target, who, why = "", details = {} } = change;
    const about = ["action", action, "target", target, "who", who, "why", why];
    const adding = this.#add("begun", ...about, "details", JSON.stringify(details));
    const begun = await adding.catch(saying(`nothing was changed, because ${this.#stream} cannot record it`));
    let result: Result;
    try {
      result = await make();
    } catch (error) {
      const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
      // The text of an error may hold what a message says.
      const outcome = JSON.stringify({ error: String(code ?? name) });
      // What went wrong is worth more to the operator than that its record lacks an end.
      await this.#add("failed", ...about, "begun", begun, "details", outcome).catch(() => {});
      throw error;
    }
    const ending = this.#add("done", ...about, "begun", begun, "details", JSON.stringify(result));
    await ending.catch(saying(`the change was made, but ${this.#stream} does not record its end`));
    return result;
  }

  async #add(state: "begun" | "done" | "failed", ...fields: readonly string[]): Promise<string> {
    const client = await this.#route.ready();
    try {
      return (await client.xadd(this.#stream, "MAXLEN", "~", KEPT, "*", "state", state, ...fields)) as string;
    } catch (error) {
      throw ourError(error, this.#route.address, `recording the change in ${this.#stream}`);
    }
  }
}

/** For a record that cannot be written: what became of the change. */
function saying(text: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof MessagingError ? reworded(error, `${error.message}; ${text}`) : error;
  };
}
