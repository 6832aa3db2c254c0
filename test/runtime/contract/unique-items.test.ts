import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOneOf } from "../../../runtime/contract/allowed-values.js";
import { areEqual } from "../../../runtime/contract/equal.js";
import { areUnique } from "../../../runtime/contract/unique-items.js";
import { compileReader } from "../../../runtime/contract/validation.js";
import { hashOf } from "../../../runtime/contract/value-hash.js";
import { stepsOf } from "../../codegen/growth/steps.js";
import { runs } from "../../support/runs.js";

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(0, -0, 1, 0.5, 1e300, "1", "", "a", null, true, false, 1n),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}))["value"] as fc.Arbitrary<unknown>;

/** Lists of one number each that all have the same hash. */
function alikeLists(count: number): readonly (readonly number[])[] {
  const bytes = new DataView(new ArrayBuffer(8));
  const numberOf = (low: number, high: number): number => {
    bytes.setInt32(0, high);
    bytes.setInt32(4, low);
    return bytes.getFloat64(0);
  };
  // The list's own part of the hash, then the low half of the number: what the high half meets has to be the same for all.
  const mixed = (hash: number, part: number): number => {
    const product = Math.imul(hash ^ part, 0xcc9e2d51);
    return product ^ (product >>> 15);
  };
  const begun = mixed(0, 0x1b873593);
  return Array.from({ length: count }, (_, low) => [numberOf(low, mixed(begun, low) ^ 0x12345678)]).filter(([number]) =>
    Number.isFinite(number),
  );
}

describe("the items of a list", () => {
  it("are different if no two are equal", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (items) => {
        const hasEquals = items.some((one, at) => items.some((other, place) => place < at && areEqual(one, other)));
        expect(areUnique(items)).toBe(!hasEquals);
      }),
      runs(1000),
    );
  });

  it("are looked at in few steps each, also if they are made to be alike", async () => {
    const [some, many] = [alikeLists(1000), alikeLists(9000)];
    expect(new Set(many.map((each) => hashOf(each))).size).toBe(1);
    const more = (await stepsOf(() => areUnique(many))) - (await stepsOf(() => areUnique(some)));
    expect(more).toBeLessThan(8000 * 20);
    expect(areUnique(many)).toBe(true);
    expect(areUnique([...many, many[0]])).toBe(false);
  });
});

it("a value is allowed if it is equal to one of the values", () => {
  fc.assert(
    fc.property(values, fc.array(values, { maxLength: 5 }), (value, allowed) => {
      expect(isOneOf(value, allowed)).toBe(allowed.some((each) => areEqual(each, value)));
      expect(isOneOf(structuredClone(value), [...allowed, value])).toBe(true);
    }),
    runs(1000),
  );
});

describe("a list without equals", () => {
  const check = compileReader({ type: "array", uniqueItems: true });

  it.each([
    [[1, "1", true, "true", null, "null", "[]", [], {}, "{}", [1], ["1"], [[1]]]],
    [[{ a: 1, b: [2] }, { a: 1, b: [3] }, { a: 1 }, { b: [2] }]],
    [['"a', '"a"', "a"]],
    [[]],
    [[{ a: 1 }]],
    [
      [
        [1, 23],
        [12, 3],
      ],
    ],
    [[[null], ["null"]]],
  ])("is %j", (items) => expect(check(items)).toBeUndefined());

  it.each([
    [[1, 2, 1]],
    [[null, null]],
    [
      [
        { a: 1, b: { c: 2, d: 3 } },
        { b: { d: 3, c: 2 }, a: 1 },
      ],
    ],
    [[[{}], [{}]]],
    [[0, -0]],
    [[[null], [null]]],
    [[1, { a: 1 }, { a: 1 }]],
  ])("is not %j", (items) => expect(check(items)).toHaveLength(1));
});

it("a list may hold the same twice where its schema says so", () => {
  const check = compileReader({ type: "array", uniqueItems: false, contains: {} });
  expect(check([{ a: 1 }, { a: 1 }])).toBeUndefined();
});

it("of a value that is held against a few that are allowed, no more levels are looked into than those have", async () => {
  const wide = Array.from({ length: 5000 }, () => ({ text: "x" }));
  const deep = { text: "x", next: [{ text: "x", next: wide }] };
  const allowed = [{ text: "none", next: [] }];
  expect(await stepsOf(() => isOneOf(deep, allowed))).toBeLessThan(1000);
  expect(isOneOf({ next: [], text: "none" }, allowed)).toBe(true);
});
