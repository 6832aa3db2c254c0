import { UsageError } from "../../errors.js";

/** A duration: milliseconds, or a number with its unit: `"250ms"`, `"30s"`, `"10m"`, `"2h"`, `"1d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LARGEST_FIRST = Object.entries(UNITS).reverse() as readonly (readonly [keyof typeof UNITS, number])[];
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** @throws {UsageError} for what is no duration */
export function msOf(duration: Duration): number {
  const [, count, unit] = TEXT.exec(String(duration)) ?? [];
  const ms = unit === undefined ? duration : Number(count) * UNITS[unit as keyof typeof UNITS];
  if (typeof ms === "number" && ms >= 0 && Number.isFinite(ms)) return ms;
  const text = `${JSON.stringify(duration)} is no duration: give milliseconds, or a number with ms, s, m, h or d, as in "10m"`;
  throw new UsageError("CONFIG_INVALID", text);
}

/** A duration in the largest unit of which it is a whole number. Beyond ten seconds, parts of one are rounded up. */
export function durationText(exactMs: number): Duration {
  const ms = exactMs > 10_000 ? Math.ceil(exactMs / 1000) * 1000 : Math.ceil(exactMs);
  const [unit, unitMs] = LARGEST_FIRST.find(([, size]) => ms > 0 && ms % size === 0) ?? ["ms", 1];
  return `${ms / unitMs}${unit}`;
}
