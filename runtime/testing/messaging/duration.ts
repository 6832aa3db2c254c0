import { UsageError } from "../../errors.js";

/** A duration: milliseconds, or a number with its unit: `"250ms"`, `"30s"`, `"10m"`, `"2h"`, `"1d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** @throws {UsageError} for what is no duration */
export function msOf(duration: Duration): number {
  const [, count, unit] = TEXT.exec(String(duration)) ?? [];
  const ms = unit === undefined ? duration : Number(count) * UNITS[unit as keyof typeof UNITS];
  if (typeof ms === "number" && ms >= 0 && Number.isFinite(ms)) return ms;
  const text = `${JSON.stringify(duration)} is no duration: give milliseconds, or a number with ms, s, m, h or d, as in "10m"`;
  throw new UsageError("CONFIG_INVALID", text);
}
