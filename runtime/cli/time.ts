import { InvalidArgumentError } from "commander";
import { entryIdIn } from "../broker/entry-id.js";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a length of time, such as `90s`, `10m`, `2h` or `1d`, for an option. In ms. */
export function durationOption(text: string): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("It must be a length of time, such as 30s, 10m, 2h or 1d.");
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}

/** Reads a moment in the past: a length of time ago, such as `10m`, or an ISO date and time. In ms since 1970. */
export function sinceOption(text: string): number {
  return momentOf(text, (length) => Date.now() - length);
}

/** Reads a moment to come: in such a length of time, or an ISO date and time. In ms since 1970. */
export function untilOption(text: string): number {
  return momentOf(text, (length) => Date.now() + length);
}

function momentOf(text: string, at: (lengthMs: number) => number): number {
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return Date.parse(text);
  try {
    return at(durationOption(text));
  } catch {
    throw new InvalidArgumentError(
      "It must be a length of time, such as 10m or 2h, or a time, such as 2026-05-01T03:00:00Z.",
    );
  }
}

/** Reads an entry's id, or a moment as the first or the last id of its millisecond. */
export function positionAt(momentOf: (text: string) => number, end: 0 | 1): (text: string) => string {
  return (text) => {
    const id = entryIdIn(text);
    if (id !== undefined) return id;
    const ms = Math.floor(momentOf(text));
    if (ms < 0) throw new InvalidArgumentError("It must be a moment after 1970.");
    return end === 0 ? `${ms}-0` : `${ms}-18446744073709551615`;
  };
}
