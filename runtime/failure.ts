import { MessagingError } from "./errors.js";

const LONGEST_TEXT = 1000;

/** One failed attempt as it is kept with a retried entry and its dead letter. */
export interface Failure {
  /** When, by the consumer's clock, RFC 3339 UTC. */
  readonly at: string;
  /** The error's class. */
  readonly name: string;
  /** Our code, or a Node or driver one, where the error has one. */
  readonly code?: string;
  readonly message: string;
  /** Where it was thrown: the first lines of its stack. */
  readonly stack?: string;
}

/** Whatever a handler threw, as a record of bounded size. */
export function describeFailure(thrown: unknown): Failure {
  const at = new Date().toISOString();
  if (!(thrown instanceof Error)) return { at, name: typeof thrown, message: bounded(textOf(thrown)) };
  const code = (thrown as { code?: unknown }).code;
  const stack = thrown instanceof MessagingError ? undefined : thrown.stack?.split("\n").slice(1, 5).join("\n");
  return {
    at,
    name: thrown.name,
    ...(typeof code === "string" ? { code } : {}),
    message: bounded(thrown.message),
    ...(stack ? { stack: bounded(stack) } : {}),
  };
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return String(thrown);
  }
}

function bounded(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text.toWellFormed();
}
