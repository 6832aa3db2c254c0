import { inspect } from "node:util";

/** A longer value is cut. */
const MOST_CHARACTERS = 100;

/** A value on one line, short enough for a story. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY, compact: true, sorted: false });
  const line = text.replaceAll(/\s*\n\s*/gu, " ");
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
}

/** A call as it is written in code. A function among its arguments is `…`. */
export function shownCall(path: string, args: readonly unknown[]): string {
  return `${path}(${args.map((one) => (typeof one === "function" ? "…" : shown(one))).join(", ")})`;
}

/** What was thrown, in its own words. */
export function shownError(error: unknown): string {
  return error instanceof Error ? error.message || error.name : shown(error);
}
