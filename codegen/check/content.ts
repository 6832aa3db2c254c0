import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import type { Path } from "../schema/pointer.js";

/** Finds what JSON can write and neither JavaScript nor UTF-8 can hold: halves of surrogate pairs, numbers too large. */
export function checkContent(source: Source): readonly Problem[] {
  // Both are rare, and looking at every value costs more than looking for their traces.
  const mayHold = /\\ud[89a-f]|\d[eE]|\d{300}/i.test(source.text);
  return mayHold ? problemsIn(source, source.value, []) : [];
}

function problemsIn(source: Source, value: unknown, path: Path): readonly Problem[] {
  if (typeof value === "string" && !value.isWellFormed())
    return [source.problem(path, "must be well-formed Unicode", { rule: "unicode" })];
  if (typeof value === "number" && !Number.isFinite(value)) {
    return [source.problem(path, "is too large for a number of JavaScript", { rule: "number-range" })];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key.isWellFormed()
      ? []
      : [source.problem([...path, key], "its name must be well-formed Unicode", { rule: "unicode", at: "key" })]),
    ...problemsIn(source, inner, [...path, key]),
  ]);
}
