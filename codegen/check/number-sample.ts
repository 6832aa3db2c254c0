import type { Schema } from "../schema/schema.js";
import { saysOfNumbers } from "./judge.js";

const { MAX_SAFE_INTEGER: MOST, MIN_SAFE_INTEGER: LEAST } = Number;

/** Numbers that a schema accepts: a usual one, the least and the greatest. Each has an exact text in JSON. */
export function numbersOf(schema: Schema, isInteger: boolean): readonly number[] {
  const bounds = schema as Readonly<Record<string, number | undefined>>;
  const limits = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].flatMap((name) => bounds[name] ?? []);
  const step = bounds["multipleOf"] ?? (isInteger ? 1 : 0.5);
  const near = limits.flatMap((limit) => {
    const below = Math.floor(limit / step) * step;
    return [limit, below - step, below, below + step];
  });
  const between = isInteger ? [] : [(Math.min(...limits) + Math.max(...limits)) / 2, 1.5, 0.1, -2.25];
  // The remainder of a large number by a fraction is not exact.
  const furthest = Number.isInteger(step) || bounds["multipleOf"] === undefined ? [MOST, LEAST] : [];
  const candidates = [...between, 1, ...near, 0, step, -step, ...furthest].filter(
    // A larger whole number need not have an exact text.
    (number) => number >= LEAST && number <= MOST && (!isInteger || Number.isInteger(number)),
  );
  const [usual, ...others] = candidates.filter((number) => saysOfNumbers(schema, number));
  if (usual === undefined) return [];
  return [...new Set([usual, Math.min(usual, ...others), Math.max(usual, ...others)])];
}
