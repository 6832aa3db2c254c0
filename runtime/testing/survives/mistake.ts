import { UsageError } from "../../errors.js";
import type { SurvivesOptions } from "./options.js";

type Names = Readonly<Record<keyof SurvivesOptions<unknown, object>, true>>;

const OPTIONS: Names = {
  ...{ state: true, effects: true, keys: true, transactions: true, schedules: true, seed: true, repeat: true },
  ...{ context: true, timeoutSeconds: true },
};

/** A mistake in the use of {@link survives}. */
export function mistake(problem: string, cause?: unknown): UsageError {
  const error = new UsageError("CONFIG_INVALID", `survives: ${problem}`);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** @throws {UsageError} for arguments that a caller without types has mixed up */
export function assertUsable(start: unknown, message: unknown, options: unknown): void {
  if (typeof start !== "function") {
    throw mistake("the first argument must be a function of { state, effects } that returns the handler of a process");
  }
  if (typeof message !== "object" || message === null) throw mistake("the second argument must be a whole message");
  if (typeof options !== "object" || options === null) throw mistake("the third argument must be { state, effects }");
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) {
    throw mistake(`there is no option ${JSON.stringify(unknown)}; there are ${Object.keys(OPTIONS).join(", ")}`);
  }
  const { state } = options as { readonly state?: Partial<Record<"reset" | "snapshot", unknown>> | (() => unknown) };
  const isSource =
    typeof state === "object" && typeof state.reset === "function" && typeof state.snapshot === "function";
  if (state === undefined || typeof state === "function" || isSource) return;
  throw mistake("state must be a function that makes it anew for each schedule, or { reset, snapshot }");
}
