import { cut } from "../contract/printable.js";
import { MessagingError } from "../errors.js";

const LONGEST_TEXT = 1000;

/** One failed attempt, as it is kept with a retried entry and its dead letter. */
export interface Failure {
  /** The time by the consumer's clock, RFC 3339 UTC. */
  readonly at: string;
  readonly name: string;
  /** The error's code: one of ours, of Node or of the driver. */
  readonly code?: string;
  readonly message: string;
  /** The first lines of its stack. */
  readonly stack?: string;
}

/** Describes a thrown value in a record of bounded size. It never throws, even if a getter of the value does. */
export function describeFailure(thrown: unknown, now: number = Date.now()): Failure {
  const at = new Date(now).toISOString();
  try {
    if (!(thrown instanceof Error)) return { at, name: typeof thrown, message: textOf(thrown) };
    const { name, message, code } = thrown as Error & { readonly code?: unknown };
    const stack = thrown instanceof MessagingError ? undefined : thrown.stack?.split("\n").slice(1, 5).join("\n");
    return {
      at,
      name: textOf(name),
      ...(typeof code === "string" ? { code: bounded(code) } : {}),
      message: textOf(message),
      ...(stack ? { stack: bounded(stack) } : {}),
    };
  } catch {
    return { at, name: typeof thrown, message: "it could not be described" };
  }
}

function textOf(value: unknown): string {
  return bounded(typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)));
}

function bounded(text: string): string {
  return cut(text, LONGEST_TEXT).toWellFormed();
}
