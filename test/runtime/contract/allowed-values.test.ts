import { describe, expect, it } from "vitest";
import { isOneOf } from "../../../runtime/contract/allowed-values.js";

describe.each([1, 4, 5, 6, 20])("among %d objects that are allowed, and as many numbers,", (count) => {
  const values = Array.from({ length: count }, (_, at) => [{ at, list: [at, { at }] }, at]).flat();

  it("is each that is the same as JSON", () => {
    for (let at = 0; at < count; at++) {
      expect(isOneOf({ list: [at, { at }], at }, values)).toBe(true);
      expect(isOneOf(at, values)).toBe(true);
    }
  });

  it("is no other", () => {
    const others = [{}, [], null, "0", "{}", count, { at: 0 }, { at: 0, list: [0, { at: 1 }] }, { at: 0, list: {} }];
    expect(others.filter((other) => isOneOf(other, values))).toEqual([]);
  });
});
