import { expect, it } from "vitest";
import { keysOf, pathOf, pathWithin, shownPath } from "../../../runtime/contract/issue-path.js";

it.each<[readonly string[], string]>([
  [["after_data", "roles", "0", "first-name"], 'after_data.roles[0]["first-name"]'],
  [["0", "a"], "[0].a"],
  [["1a", "a1", "$b"], '["1a"].a1.$b'],
  [['say "a.b"', "[12]"], '["say \\"a.b\\""]["[12]"]'],
])("the path to %j is written as in code, and can be read back", (keys, path) => {
  expect(pathOf(keys)).toBe(path);
  expect(keysOf(path).map(String)).toEqual(keys);
});

it("an index of several digits is a number", () => {
  expect(keysOf("a[12].b")).toEqual(["a", 12, "b"]);
});

it("a path is cut where it is long", () => {
  expect(pathOf(Array.from({ length: 1000 }, () => "name"))).toMatch(/^name(\.name)+.*…$/);
  expect(pathOf(["x".repeat(200)])).toBe("x".repeat(200));
  expect(pathOf(["x".repeat(201)])).toBe(`${"x".repeat(200)}…`);
});

it("a path is shown without its first keys, whose names still count", () => {
  const schema = { properties: { limits: { propertyNames: { sensitive: true } } } };
  expect(shownPath(["limits", "ada@example.com", "of"], schema, 1)).toBe("[…].of");
});

it.each([
  ["", "a", "a"],
  ["a", "", "a"],
  ["a", "b.c", "a.b.c"],
  ["a", "[0].c", "a[0].c"],
])("below %j, %j is %j", (outer, inner, path) => expect(pathWithin(outer, inner)).toBe(path));
