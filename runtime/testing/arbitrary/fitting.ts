import type * as fc from "fast-check";

import { UsageError } from "../../errors.js";

/** So many values that do not fit, one after the other, are enough. */
const MOST_MISSES = 5000;

/**
 * The values that fit. fast-check's own filter would search without end where they are too rare.
 * @throws {UsageError} while values are made
 */
export function fitting<Given, Fitting extends Given>(
  values: fc.Arbitrary<Given>,
  fits: (value: Given) => value is Fitting,
  what: string,
): fc.Arbitrary<Fitting>;
export function fitting<Value>(
  values: fc.Arbitrary<Value>,
  fits: (value: Value) => boolean,
  what: string,
): fc.Arbitrary<Value>;
export function fitting<Value>(
  values: fc.Arbitrary<Value>,
  fits: (value: Value) => boolean,
  what: string,
): fc.Arbitrary<Value> {
  let misses = 0;
  return values.filter((value) => {
    const isFitting = fits(value);
    misses = isFitting ? 0 : misses + 1;
    if (misses <= MOST_MISSES) return isFitting;
    const remedy = "chance does not meet what the schema demands; make the values from the message's example";
    throw new UsageError("CONFIG_INVALID", `${what} was not found in ${MOST_MISSES} tries: ${remedy}`);
  });
}
