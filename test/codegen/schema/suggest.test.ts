import { expect, it } from "vitest";
import { suggest } from "../../../codegen/schema/suggest.js";

it.each([
  ["nmae", ["email", "name"], '"name"'],
  ["Name", ["name"], '"name"'],
  ["EMAIL", ["email"], '"email"'],
  ["id", ["it"], '"it"'],
  ["cat", ["cut"], '"cut"'],
  ["abcd", ["abdc"], '"abdc"'],
  ["abcdefghi", ["abcdefxyz"], '"abcdefxyz"'],
  ["a", ["abc", "b"], '"b"'],
])("what is spelt almost like one is suggested: %s", (given, candidates, suggestion) => {
  expect(suggest(given, candidates)).toBe(suggestion);
});

it.each([
  ["id", ["no"]],
  ["cat", ["dot"]],
  ["abcd", ["abxyz"]],
  ["abcdefghi", ["abcdewxyz"]],
  ["name", ["name"]],
  ["name", []],
])("nothing else is suggested, nor what was given: %s", (given, candidates) => {
  expect(suggest(given, candidates)).toBeUndefined();
});
