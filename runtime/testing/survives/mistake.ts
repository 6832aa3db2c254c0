import { UsageError } from "../../errors.js";
import type { SurvivesOptions } from "./options.js";

type Names = Readonly<Record<keyof SurvivesOptions<unknown, object>, true>>;

const OPTIONS: Names = {
  ...{ state: true, effects: true, keys: true, transactions: true, schedules: true, seed: true, repeat: true },
  ...{ order: true, context: true, timeoutSeconds: true },
};

/** A mistake in the use of {@link survives}. */
export function mistake(problem: string, cause?: unknown): UsageError {
  const error = new UsageError("CONFIG_INVALID", `survives: ${problem}`);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** @throws {UsageError} for arguments that a caller without types has mixed up */
export function assertUsable(start: unknown, messages: readonly unknown[], options: unknown): void {
  if (typeof start !== "function") {
    throw mistake("the first argument must be a function of { state, effects } that returns the handler of a process");
  }
  const areWhole = messages.every((message) => typeof message === "object" && message !== null);
  if (messages.length === 0 || !areWhole) {
    throw mistake("the second argument must be a whole message, or an array of some");
  }
  if (typeof options !== "object" || options === null) throw mistake("the third argument must be { state, effects }");
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) {
    throw mistake(`there is no option ${JSON.stringify(unknown)}; there are ${Object.keys(OPTIONS).join(", ")}`);
  }
  const { state, order } = options as {
    readonly state?: Partial<Record<"reset" | "snapshot", unknown>> | (() => unknown);
    readonly order?: unknown;
  };
  if (![undefined, "none", "entity"].includes(order as undefined)) {
    throw mistake(`order must be "none" or "entity", got ${JSON.stringify(order)}`);
  }
  const isSource =
    typeof state === "object" && typeof state.reset === "function" && typeof state.snapshot === "function";
  if (state === undefined || typeof state === "function" || isSource) return;
  throw mistake("state must be a function that makes it anew for each schedule, or { reset, snapshot }");
}
