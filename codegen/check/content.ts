import { inexactPaths } from "../../runtime/contract/exact-number.js";
import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import type { Path } from "../schema/pointer.js";

/** Finds what JSON can write and UTF-8 or JavaScript cannot hold: halves of surrogate pairs, and some numbers. */
export function checkContent(source: Source): readonly Problem[] {
  // Both are rare, and looking at every value costs more than looking for their traces.
  const mayHold = /\\ud[89a-f]/i.test(source.text);
  const mayHoldNumber = /[:,[]\s*-?(?:\d[\d.]*[eE]|[\d.]{16})/.test(source.text);
  return [
    ...(mayHold ? problemsIn(source, source.value, []) : []),
    ...(mayHoldNumber && source.value !== undefined ? numberProblemsIn(source) : []),
  ];
}

function numberProblemsIn(source: Source): readonly Problem[] {
  const sentence = "is no number that JavaScript holds exactly; leave it out, or describe the value as a text";
  return [...inexactPaths(source.text)].map((path) => source.problem(path, sentence, { rule: "number-range" }));
}

function problemsIn(source: Source, value: unknown, path: Path): readonly Problem[] {
  if (typeof value === "string" && !value.isWellFormed())
    return [source.problem(path, "must be well-formed Unicode", { rule: "unicode" })];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key.isWellFormed()
      ? []
      : [source.problem([...path, key], "its name must be well-formed Unicode", { rule: "unicode", at: "key" })]),
    ...problemsIn(source, inner, [...path, key]),
  ]);
}
