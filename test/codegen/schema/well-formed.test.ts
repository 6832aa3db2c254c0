import { expect, it } from "vitest";
import { wellFormed } from "../../../codegen/schema/well-formed.js";

const sound = {
  type: "object",
  properties: { a: { type: "string" } },
  additionalProperties: false,
  anyOf: [{ required: ["a"] }, { not: { required: ["b"] } }],
};

it("a schema without a fault stays what it is", () => {
  expect(wellFormed(sound)).toBe(sound);
});

it("a keyword that is unknown, or has another value than it may have, is left out", () => {
  const faults = { minLenght: 1, maxProperties: -1, required: "a", allOf: [], not: "x", "x-of-others": true };
  expect(wellFormed({ ...faults, ...sound })).toEqual(sound);
  expect(wellFormed({ ...sound, anyOf: [{ minLength: "1", maxLength: 2 }] })).toEqual({
    ...sound,
    anyOf: [{ maxLength: 2 }],
  });
});

it("the exceptions from lint rules are left out", () => {
  expect(wellFormed({ type: "string", lintIgnore: { "unbounded-text": "a free text" } })).toEqual({ type: "string" });
});

it("of named schemas only those are left out that are none", () => {
  const properties: unknown = JSON.parse(
    '{ "a": { "type": "strin" }, "b": 5, "c": { "minimum": 1 }, "__proto__": {} }',
  );
  expect(wellFormed({ properties })).toEqual({ properties: { a: {}, c: { minimum: 1 } } });
  expect(wellFormed({ properties: [] })).toEqual({});
});

it("true allows anything and false nothing, but for a keyword that knows them", () => {
  expect(wellFormed({ properties: { a: true, b: false }, allOf: [true, false], not: true, if: false })).toEqual({
    properties: { a: {}, b: { not: {} } },
    allOf: [{}, { not: {} }],
    not: {},
    if: { not: {} },
  });
  const booleans = { items: false, additionalProperties: true };
  expect(wellFormed(booleans)).toBe(booleans);
});
