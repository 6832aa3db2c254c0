import { expect, it } from "vitest";
import { parsePointer, pointerOf, valueAt } from "../../../codegen/schema/pointer.js";

it.each([
  ["", []],
  ["/", [""]],
  ["/a/b", ["a", "b"]],
  ["/~1~0/~01/a~1~1b", ["/~", "~1", "a//b"]],
])("a pointer is read and written: %j", (pointer, path) => {
  expect(parsePointer(pointer)).toEqual(path);
  expect(pointerOf(path)).toBe(pointer);
});

it("another text is no pointer", () => {
  expect(parsePointer("a/b")).toBeUndefined();
});

it("there is a value only where an object or a list has one of its own", () => {
  const document = { a: [{ b: null }], c: "text" };
  expect(valueAt(document, [])).toBe(document);
  expect(valueAt(document, ["a", "0", "b"])).toBeNull();
  for (const path of [["a", "0", "b", "c"], ["c", "length"], ["c", "0"], ["toString"], ["a", "1"], ["d", "e"]]) {
    expect(valueAt(document, path)).toBeUndefined();
  }
});
