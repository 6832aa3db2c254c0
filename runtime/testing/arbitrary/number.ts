import * as fc from "fast-check";

import type { JsonSchema } from "../../contract/json-schema.js";
import { fitting } from "./fitting.js";
import { limit } from "./limit.js";

/** Whole numbers by a schema: mostly small ones. */
export function integerOf(schema: JsonSchema): fc.Arbitrary<number> {
  const step = limit(schema, "multipleOf", 1);
  const least = Math.max(limit(schema, "minimum", -9), limit(schema, "exclusiveMinimum", -10) + 1);
  const most = Math.min(
    limit(schema, "maximum", Math.max(99, least + 99)),
    limit(schema, "exclusiveMaximum", Number.POSITIVE_INFINITY) - 1,
  );
  const [min, max] = [Math.ceil(Math.min(least, most) / step), Math.floor(Math.max(least, most) / step)];
  const small = fc.integer({ min: Math.min(min, max), max: Math.max(min, max) }).map((count) => count * step);
  if (step !== 1) return small;
  const [from, to] = [
    limit(schema, "minimum", Number.MIN_SAFE_INTEGER),
    limit(schema, "maximum", Number.MAX_SAFE_INTEGER),
  ];
  const any = fc.bigInt({ min: BigInt(Math.ceil(from)), max: BigInt(Math.floor(to)) }).map(Number);
  return fitting(fc.oneof(small, any, small), (value) => isWithin(value, schema), "a whole number within the bounds");
}

/** Numbers by a schema, whose text is exact. */
export function numberOf(schema: JsonSchema): fc.Arbitrary<number> {
  if (schema["multipleOf"] !== undefined) return integerOf(schema);
  const most = Math.min(limit(schema, "maximum", Infinity), limit(schema, "exclusiveMaximum", Infinity));
  const least = Math.max(limit(schema, "minimum", -Infinity), limit(schema, "exclusiveMinimum", -Infinity));
  const max = Math.min(most, Number.MAX_VALUE);
  // Without a bound there are no negative numbers: most amounts are none.
  const min = least === -Infinity ? Math.min(0, max - 1) : least;
  const any = fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
  const common = fc.constantFrom(1, 0.1, 1.5, 1e20, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53);
  // JSON has no -0.
  const values = fc.oneof(any, common, any).map((value) => (value === 0 ? 0 : value));
  const fits = (value: number): boolean => isWithin(value, schema) && hasExactText(value);
  return fitting(values, fits, "a number within the bounds");
}

function isWithin(value: number, schema: JsonSchema): boolean {
  return (
    value >= limit(schema, "minimum", Number.NEGATIVE_INFINITY) &&
    value <= limit(schema, "maximum", Number.POSITIVE_INFINITY) &&
    value > limit(schema, "exclusiveMinimum", Number.NEGATIVE_INFINITY) &&
    value < limit(schema, "exclusiveMaximum", Number.POSITIVE_INFINITY)
  );
}

/** Not so some whole numbers beyond 2^53: of 2^60 JavaScript writes 1152921504606847000. They may not be written. */
export function hasExactText(number: number): boolean {
  return !Number.isInteger(number) || Math.abs(number) >= 1e21 || String(BigInt(number)) === String(number);
}
