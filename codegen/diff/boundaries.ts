import type { Schema } from "../schema/schema.js";
import { formatSamples, patternSamples, plainTexts } from "./text-samples.js";

/** Texts and numbers beside every limit that schemas have, whether they allow them or not. */
export function boundariesOf(schemas: readonly Schema[]): readonly unknown[] {
  return [...textsOf(schemas), ...numbersOf(schemas), true, false, null];
}

/** The values that schemas name. */
export function listedIn(schemas: readonly Schema[]): readonly unknown[] {
  return schemas.flatMap(({ const: value, enum: values = [], examples = [], default: byDefault }) =>
    [value, ...values, ...examples, byDefault].filter((each) => each !== undefined),
  );
}

const LONGEST = 5000;

function textsOf(schemas: readonly Schema[]): readonly string[] {
  const isTold = (keyword: string): boolean => schemas.some((schema) => schema[keyword] !== undefined);
  if (!isTold("pattern") && !isTold("format") && !isTold("minLength") && !isTold("maxLength")) return plainTexts;
  const patterns = schemas.flatMap(({ pattern }) => (pattern === undefined ? [] : patternSamples(pattern)));
  const formats = schemas.flatMap(({ format }) => formatSamples[format ?? ""] ?? []);
  const limits = schemas.flatMap(({ minLength, maxLength }) =>
    [minLength, maxLength].filter((limit) => limit !== undefined),
  );
  const lengths = new Set(
    limits.flatMap((limit) => [limit - 1, limit, limit + 1]).filter((length) => length >= 0 && length <= LONGEST),
  );
  const bases = [...new Set([...patterns.slice(0, 3), ...formats.slice(0, 1)])];
  const long = [...lengths].flatMap((length) => [
    "a".repeat(length),
    "0".repeat(length),
    "A".repeat(length),
    ...bases
      .filter((base) => base !== "")
      .map((base) => base.padEnd(length, base.at(-1)).slice(0, Math.max(length, base.length))),
    ...bases.filter((base) => base !== "").map((base) => base.padStart(length, base[0])),
  ]);
  return [...patterns, ...formats, ...long, ...plainTexts];
}

function numbersOf(schemas: readonly Schema[]): readonly number[] {
  const of = (...keywords: readonly string[]): readonly number[] =>
    schemas.flatMap((schema) =>
      keywords.map((keyword) => schema[keyword]).filter((value) => typeof value === "number"),
    );
  const limits = [...of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), 0];
  const listed = schemas.flatMap(({ const: value, enum: values = [] }) =>
    [value, ...values].filter((each) => typeof each === "number"),
  );
  const steps = of("multipleOf");
  const near = [...limits, ...listed].flatMap((limit) => [
    limit,
    limit - 1,
    limit + 1,
    limit - 0.5,
    limit + 0.5,
    limit + 0.001,
    limit - 0.001,
  ]);
  const multiples = steps.flatMap((step) =>
    limits.flatMap((limit) => {
      const whole = Math.ceil(limit / step);
      return [-1, 0, 1, 2, 3, 5, 7].flatMap((more) => [(whole + more) * step, (whole + more + 0.5) * step]);
    }),
  );
  const integral = multiples.flatMap((number) => [number, number + 1]);
  return [...near, ...integral, 2, 7, 1000, -1000, 1e9, 1.25].filter((number) => Number.isFinite(number));
}
