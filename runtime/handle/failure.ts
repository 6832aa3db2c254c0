import { MessagingError } from "../errors.js";

const LONGEST_TEXT = 1000;

/** One failed attempt, as it is kept with a retried entry and its dead letter. */
export interface Failure {
  /** The time by the consumer's clock, RFC 3339 UTC. */
  readonly at: string;
  /** The error's class. */
  readonly name: string;
  /** The error's code: one of ours, of Node or of the driver. */
  readonly code?: string;
  readonly message: string;
  /** The first lines of its stack. */
  readonly stack?: string;
}

/** Describes a thrown value by a record of bounded size. Never throws, as a value may whose getters throw. */
export function describeFailure(thrown: unknown): Failure {
  const at = new Date().toISOString();
  try {
    return thrown instanceof Error ? describeError(at, thrown) : { at, name: typeof thrown, message: textOf(thrown) };
  } catch {
    return { at, name: typeof thrown, message: "it could not be described" };
  }
}

function describeError(at: string, error: Error): Failure {
  const { code } = error as { code?: unknown };
  const stack = error instanceof MessagingError ? undefined : error.stack?.split("\n").slice(1, 5).join("\n");
  return {
    at,
    name: textOf(error.name),
    ...(typeof code === "string" ? { code: bounded(code) } : {}),
    message: textOf(error.message),
    ...(stack ? { stack: bounded(stack) } : {}),
  };
}

function textOf(value: unknown): string {
  return bounded(typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)));
}

function bounded(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text.toWellFormed();
}
