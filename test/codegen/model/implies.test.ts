import { describe, expect, it } from "vitest";
import { implies } from "../../../codegen/model/implies.js";
import type { Schema } from "../../../codegen/schema/schema.js";

const object = (...names: string[]): Schema => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
  additionalProperties: false,
});
const text = { type: "string" } as const;
const number = { type: "number" } as const;
const context = { expand: (schema: Schema) => schema, implied: new Map<string, boolean>(), mayClose: false };

/** The wide one can be left out beside the narrow one, or cannot. */
const pairs: readonly (readonly [boolean, string, Schema, Schema])[] = [
  [true, "the same closed object", object("a"), object("a")],
  [false, "a closed object with one name more", object("a", "b"), object("a")],
  [false, "a closed object with one name less, which may have any value", object("a"), object("a", "b")],
  [true, "a closed object where the other is open", object("a"), { ...object("a"), additionalProperties: true }],
  [false, "an open object", { ...object("a"), additionalProperties: true }, object("a")],
  [false, "other patterns", { ...object("a"), patternProperties: { "^x": text } }, object("a")],
  [true, "lists of the same items", { type: "array", items: number }, { type: "array", items: number }],
  [
    false,
    "a list whose first item is another",
    { type: "array", prefixItems: [text], items: number },
    { type: "array", items: number },
  ],
  [
    false,
    "a list that holds fewer of something",
    { type: "array", contains: number, minContains: 1 },
    { type: "array", contains: number, minContains: 2 },
  ],
  [true, "a longer least length", { ...text, minLength: 3 }, { ...text, minLength: 2 }],
  [false, "a shorter least length", { ...text, minLength: 1 }, { ...text, minLength: 2 }],
  [false, "no least length", text, { ...text, minLength: 2 }],
  [true, "a shorter greatest length", { ...text, maxLength: 1 }, { ...text, maxLength: 2 }],
  [false, "a longer greatest length", { ...text, maxLength: 3 }, { ...text, maxLength: 2 }],
  [true, "whole numbers", { type: "integer" }, number],
  [false, "any numbers", number, { type: "integer" }],
  [true, "one of the types", text, { type: ["string", "null"] }],
  [false, "one type more", { type: ["string", "null"] }, text],
  [true, "fewer values", { enum: ["a"] }, { enum: ["a", "b"] }],
  [false, "more values", { enum: ["a", "b"] }, { enum: ["a"] }],
  [true, "more required names", { type: "object", required: ["a", "b"] }, { type: "object", required: ["b"] }],
  [false, "fewer required names", { type: "object", required: ["a"] }, { type: "object", required: ["a", "b"] }],
  [true, "one of the forms", text, { anyOf: [number, text] }],
  [false, "none of the forms", text, { anyOf: [number, { type: "null" }] }],
  [
    true,
    "one of the forms, and the others are of other types",
    { type: "object", properties: { a: text } },
    { anyOf: [{ type: "object" }, text, { type: "null", description: "None." }] },
  ],
  [
    true,
    "two forms with the same names",
    { type: "object", properties: { a: text, b: text } },
    { anyOf: [{ properties: { a: text } }, { properties: { b: text } }] },
  ],
  [
    false,
    "one of the forms, and another declares a name",
    { type: "object", properties: { a: text } },
    { anyOf: [{ type: "object" }, { type: "object", properties: { b: text } }] },
  ],
  [false, "one of the forms, and another is a value with names", {}, { anyOf: [{}, { const: { a: 1 } }] }],
  [false, "one of the forms, and another closes it", {}, { anyOf: [{}, { type: ["object", "null"] }] }],
  [true, "another description", { ...text, description: "One." }, { ...text, description: "Another." }],
];

describe("a schema that is to imply another", () => {
  it.each(pairs)("%s: %s", (expected, _, narrow, wide) => {
    expect(implies(narrow, wide, context)).toBe(expected);
  });

  it("may close what the other opens only if it is said so", () => {
    const [closed, open] = [{ type: "object" }, { type: "object", additionalProperties: true }] as const;
    expect(implies(closed, open, context)).toBe(false);
    expect(implies(closed, open, { ...context, mayClose: true })).toBe(true);
  });

  it("may not close what the other opens to values of a schema", () => {
    const open = { type: "object", additionalProperties: text } as const;
    expect(implies({ type: "object" }, open, { ...context, mayClose: true })).toBe(false);
  });
});
