import { inspect } from "node:util";
import { cut } from "../contract/printable.js";

const LONGEST_TEXT = 2000;

/** A value as JSON for a log line, of bounded length. It never throws: a handler may throw what holds itself. */
export function shown(value: unknown): string {
  const text = jsonOf(value);
  return text.length > LONGEST_TEXT ? JSON.stringify(cut(text, LONGEST_TEXT)) : text;
}

function jsonOf(value: unknown): string {
  try {
    if (value instanceof Error) return JSON.stringify(`${value.name}: ${value.message}`);
    return JSON.stringify(value) ?? JSON.stringify(String(value));
  } catch {}
  try {
    return JSON.stringify(inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY }));
  } catch {
    return `"a value of type ${typeof value} that cannot be shown"`;
  }
}
