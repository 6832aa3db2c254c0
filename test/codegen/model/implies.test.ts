import { describe, expect, it } from "vitest";
import { Answers } from "../../../codegen/model/answer.js";
import { implies } from "../../../codegen/model/implies.js";
import type { Schema } from "../../../codegen/schema/schema.js";

const object = (...names: string[]): Schema => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
  additionalProperties: false,
});
const text = { type: "string" } as const;
const number = { type: "number" } as const;
const context = { expand: (schema: Schema) => schema, implied: new Answers(), mayClose: false };

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
  [
    true,
    "one of the forms, and another is about objects",
    text,
    { anyOf: [text, { type: "object", properties: { a: text } }, { type: ["array", "null"], items: object("a") }] },
  ],
  [
    false,
    "one of the forms, and another declares a name for some of the values",
    { type: ["object", "null"] },
    { anyOf: [{ type: ["object", "null"] }, { type: ["object", "string"], properties: { b: text } }] },
  ],
  [
    false,
    "one of the forms, and another declares what is in a list",
    { type: ["array", "null"] },
    { anyOf: [{ type: ["array", "null"] }, { type: "array", items: object("a") }] },
  ],
  [true, "one of the forms, and another is a shorter text", text, { anyOf: [text, { ...text, maxLength: 1 }] }],
  [true, "one of the forms, and another has no type", text, { anyOf: [text, { maxLength: 1, description: "Short." }] }],
  [false, "one of the forms, and another has names, and no type", {}, { anyOf: [{}, { properties: { a: text } }] }],
  [true, "what is about other types", text, { minItems: 1, required: ["a"] }],
  [false, "what is about some of its types", { type: ["string", "array"] }, { minItems: 1 }],
  [false, "what is about any of its types", {}, { minItems: 1 }],
  [false, "a name that it does not declare", { type: "object" }, { type: "object", properties: { a: text } }],
  [false, "a name that it does not require", { type: "object" }, { type: "object", required: ["a"] }],
  [false, "values, where it has any", text, { enum: ["a"] }],
  [true, "more values, and their type", { enum: ["a"] }, { ...text, enum: ["a", "b"] }],
  [false, "more values, and a bound", { enum: ["a"] }, { enum: ["a", "b"], maxLength: 1 }],
  [true, "the same pattern", { ...text, pattern: "a" }, { ...text, pattern: "a" }],
  [false, "another pattern", { ...text, pattern: "a" }, { ...text, pattern: "b" }],
  ...([null, "x", 1, 1.5, true, [1], { a: 1 }] as const).flatMap((value) =>
    (["null", "string", "integer", "number", "boolean", "array", "object"] as const).map((type) => {
      const own = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
      const isOfType = type === own || (type === "integer" && Number.isInteger(value));
      return [isOfType, `${type} for ${JSON.stringify(value)}`, { const: value }, { type }] as const;
    }),
  ),
  ...(["minLength", "minimum", "minItems"] as const).flatMap((bound) => [
    [true, `the same ${bound}`, { [bound]: 2 }, { [bound]: 2 }] as const,
    [true, `a lower ${bound}`, { [bound]: 3 }, { [bound]: 2 }] as const,
    [false, `a higher ${bound}`, { [bound]: 1 }, { [bound]: 2 }] as const,
    [false, `a ${bound} where it has none`, {}, { [bound]: 2 }] as const,
  ]),
  ...(["maxLength", "maximum", "maxItems"] as const).flatMap((bound) => [
    [true, `the same ${bound}`, { [bound]: 2 }, { [bound]: 2 }] as const,
    [true, `a higher ${bound}`, { [bound]: 1 }, { [bound]: 2 }] as const,
    [false, `a lower ${bound}`, { [bound]: 3 }, { [bound]: 2 }] as const,
    [false, `a ${bound} where it has none`, {}, { [bound]: 2 }] as const,
  ]),
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

  it("is compared by what the names mean, each pair once", () => {
    const types: Readonly<Record<string, Schema>> = {
      A: { type: "object", properties: { next: { $ref: "A" } } },
      Other: { type: "object", properties: { next: { $ref: "Other" } } },
      Text: text,
      Short: { ...text, maxLength: 1 },
    };
    const expanded: Schema[] = [];
    const named = {
      ...context,
      implied: new Answers(),
      expand: (schema: Schema) => {
        expanded.push(schema);
        return schema.$ref === undefined ? schema : (types[schema.$ref] ?? {});
      },
    };
    const of = (narrow: string | Schema, wide: string | Schema): boolean => {
      const schema = (one: string | Schema): Schema => (typeof one === "string" ? { $ref: one } : one);
      return implies(schema(narrow), schema(wide), named);
    };
    expect([of("Short", "Text"), of("Text", "Short"), of("Text", "A")]).toEqual([true, false, false]);
    expect([of(number, "Text"), of(text, "Text")]).toEqual([false, true]);
    expect([of("Short", number), of("Short", text)]).toEqual([false, true]);
    expect(of("A", "A")).toBe(true);
    // Both mean the same, but it is not told from inside of themselves.
    expect(of("A", "Other")).toBe(false);
    expanded.length = 0;
    expect([of("Short", "Text"), of("Text", "Short")]).toEqual([true, false]);
    expect(expanded).toEqual([]);
  });
});
