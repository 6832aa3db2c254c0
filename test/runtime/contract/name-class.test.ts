import { expect, it } from "vitest";
import { classesOf } from "../../../runtime/contract/name-class.js";

/** The classes of a name, each by the patterns that it certainly and possibly matches. */
function classesOfName(name: string, patterns: readonly string[], left: readonly string[] = []): unknown[] {
  return classesOf(patterns, left)
    .filter(({ regex }) => new RegExp(regex, "u").test(name))
    .map(({ certain, possible }) => [[...certain], [...possible]]);
}

it("names are of one class, by the patterns that they match", () => {
  const patterns = ["^a", "z$", "m"];
  for (const name of ["a", "z", "m", "az", "am", "mz", "amz", "b", "", "a\nz"]) {
    const matched = patterns.filter((pattern) => new RegExp(pattern, "u").test(name));
    expect(classesOfName(name, patterns)).toEqual(matched.length === 0 ? [] : [[matched, matched]]);
  }
});

it("a name that is left out is of no class, and a longer one is", () => {
  for (const patterns of [["a"], ["a", "b"]]) {
    expect(classesOfName("a.b", patterns, ["x", "a.b"])).toEqual([]);
    expect(classesOfName("a.bb", patterns, ["x", "a.b"])).toHaveLength(1);
    expect(classesOfName("a-b", patterns, ["x", "a.b"])).toHaveLength(1);
  }
});

it("one pattern is its own class", () => {
  expect(classesOf(["^a"], [])).toEqual([{ regex: "^a", certain: new Set(["^a"]), possible: new Set(["^a"]) }]);
});

it.each([
  ["more than four", ["a", "b", "c", "d", "e"]],
  ["with numbered groups", ["^(a|b)\\1", "b"]],
  ["with named groups", ["(?<x>a)", "b"]],
])("patterns are not told apart: %s", (_, patterns) => {
  expect(classesOf(patterns, [])).toEqual(
    patterns.map((pattern) => ({ regex: pattern, certain: new Set([pattern]), possible: new Set(patterns) })),
  );
});

it("four patterns are told apart", () => {
  expect(classesOf(["a", "b", "c", "d"], [])).toHaveLength(15);
  expect(classesOfName("acd", ["a", "b", "c", "d"])).toEqual([
    [
      ["a", "c", "d"],
      ["a", "c", "d"],
    ],
  ]);
});
