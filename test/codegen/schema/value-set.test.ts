import { expect, it } from "vitest";
import { ValueSet } from "../../../codegen/schema/value-set.js";

const set = new ValueSet([null, "1", 2, [1, 2], { b: [{ d: 1, c: 2 }], a: {} }]);

it.each([null, "1", 2, [1, 2], { a: {}, b: [{ c: 2, d: 1 }] }])("a value is in a set by its content: %j", (value) => {
  expect(set.has(value)).toBe(true);
});

it.each(["null", 1, "2", [2, 1], [1, 2, 3], {}, { a: {} }, { a: [], b: [{ c: 2, d: 1 }] }, undefined])(
  "another value is not: %j",
  (value) => {
    expect(set.has(value)).toBe(false);
    expect(set.hasAll([null, value])).toBe(false);
  },
);

it("has all of some values only if it has each", () => {
  expect(set.hasAll([2, null])).toBe(true);
  expect(set.hasAll([])).toBe(true);
});
