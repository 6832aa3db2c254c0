import { describe, expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { textsOf } from "../catalogue.js";

const $defs = {
  Named: { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } } },
  Wide: { type: "object", properties: { a: {} } },
  Short: { type: "string", maxLength: 3 },
  Tree: { type: "object", properties: { next: { $ref: "#/$defs/Tree" }, a: { type: "string" } } },
  Bush: { type: "object", properties: { next: { $ref: "#/$defs/Bush" }, b: { type: "string" } } },
  ...chain("L"),
  ...chain("M"),
};

/** Nine types, each of which holds the next. */
function chain(mark: string): Readonly<Record<string, object>> {
  const link = (at: number): object => ({
    type: "object",
    properties: { [mark]: {}, ...(at < 8 && { next: { $ref: `#/$defs/${mark}${at + 1}` } }) },
  });
  return Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`${mark}${at}`, link(at)]));
}

/** What two layers are together, and what is wrong with that. */
function together(base: unknown, child: unknown): { readonly flat: unknown; readonly problems: readonly string[] } {
  const files = { "types/t.json": { $defs: { ...$defs, Both: { allOf: [base, child] } } } };
  const model = buildModel(sourcesOf(textsOf(files), "schemas"), readConfig(undefined).config);
  const both = model.definitions.find(({ name }) => name === "Both");
  return {
    flat: both && model.flattener.definition(both),
    problems: model.flattener.problems.map(({ pointer, sentence }) => `${pointer}: ${sentence}`),
  };
}

const text = { type: "string" };
const object = { type: "object" };
const named = { $ref: "#/$defs/Named" };

describe("two layers", () => {
  it.each<[string, unknown, unknown, unknown]>([
    [
      "have the notes of both, the upper one's where both have one",
      { ...text, title: "A", description: "Wide.", deprecated: true },
      { ...text, description: "Narrow." },
      { ...text, description: "Narrow.", deprecated: true },
    ],
    [
      "are the lower one, if the upper has notes only",
      { ...text, pattern: "x" },
      { description: "A note." },
      { ...text, pattern: "x", description: "A note." },
    ],
    ["are the one that says anything", {}, text, text],
    ["are the one that says anything, below", text, {}, text],
    [
      "require what each requires, once",
      { ...object, required: ["a", "b"] },
      { ...object, required: ["b", "c"] },
      { ...object, required: ["a", "b", "c"] },
    ],
    [
      "have the types of both",
      { type: ["string", "integer", "null"] },
      { type: ["null", "number"] },
      { type: ["integer", "null"] },
    ],
    ["have the only type of both", { type: ["string", "null"] }, { type: ["string", "boolean"] }, text],
    ["are of whole numbers, if one of them is", { type: "integer" }, { type: "number" }, { type: "integer" }],
    [
      "are of whole numbers, if the other is",
      { type: ["number", "string"] },
      { type: ["integer", "string"] },
      { type: ["string", "integer"] },
    ],
    [
      "have the values of both, in the upper one's order",
      { enum: [1, { a: 1, b: 2 }, "x"] },
      { enum: ["x", "y", { b: 2, a: 1 }] },
      { enum: ["x", { b: 2, a: 1 }] },
    ],
    [
      "have the greater of two least bounds",
      { minLength: 1, minimum: 3, exclusiveMinimum: 1, minItems: 2, minProperties: 1 },
      { minLength: 2, minimum: 2, exclusiveMinimum: 0, minItems: 1, minProperties: 2 },
      { minLength: 2, minimum: 3, exclusiveMinimum: 1, minItems: 2, minProperties: 2 },
    ],
    [
      "have the smaller of two greatest bounds",
      { maxLength: 1, maximum: 3, exclusiveMaximum: 1, maxItems: 2, maxProperties: 1 },
      { maxLength: 2, maximum: 2, exclusiveMaximum: 0, maxItems: 1, maxProperties: 2 },
      { maxLength: 1, maximum: 2, exclusiveMaximum: 0, maxItems: 1, maxProperties: 1 },
    ],
    [
      "keep two patterns apart",
      { ...text, pattern: "a" },
      { ...text, pattern: "b" },
      { ...text, pattern: "b", allOf: [{ pattern: "a" }] },
    ],
    [
      "keep apart what is left over, behind the layers that they have",
      { pattern: "a", allOf: [{ pattern: "c" }] },
      { pattern: "b" },
      { pattern: "b", allOf: [{ pattern: "c" }, { pattern: "a" }] },
    ],
    ["have the same pattern once", { ...text, pattern: "a" }, { ...text, pattern: "a" }, { ...text, pattern: "a" }],
    [
      "keep two conditions apart",
      { if: text, else: { minimum: 2 } },
      { if: text, else: { minimum: 1 } },
      { if: text, else: { minimum: 1 }, allOf: [{ if: text, else: { minimum: 2 } }] },
    ],
    [
      "keep two tuples apart",
      { prefixItems: [text], items: false },
      { prefixItems: [text, text] },
      { prefixItems: [text, text], allOf: [{ prefixItems: [text], items: false }] },
    ],
    [
      "keep apart what lists have to hold",
      { contains: text, minContains: 2 },
      { contains: text },
      { contains: text, allOf: [{ contains: text, minContains: 2 }] },
    ],
    [
      "have the items of both",
      { type: "array", items: { minLength: 1 } },
      { type: "array", items: { maxLength: 2 } },
      { type: "array", items: { minLength: 1, maxLength: 2 } },
    ],
    [
      "have no items, if one has none",
      { type: "array", items: false },
      { type: "array", items: text },
      { type: "array", items: false },
    ],
    [
      "have no items, if the other has none",
      { type: "array", items: text },
      { type: "array", items: false },
      { type: "array", items: false },
    ],
    [
      "have the items of one, if the other takes any",
      { type: "array", items: true },
      { type: "array", items: text },
      { type: "array", items: text },
    ],
    [
      "have the items of the other, if one takes any",
      { type: "array", items: text },
      { type: "array", items: true },
      { type: "array", items: text },
    ],
    [
      "have the properties of both",
      { ...object, properties: { a: { minLength: 1 }, b: {} } },
      { ...object, properties: { c: {}, a: text } },
      { ...object, properties: { a: { ...text, minLength: 1 }, b: {}, c: {} } },
    ],
    [
      "have the names that the upper one declares, where the lower one takes any",
      { ...object, additionalProperties: true },
      { ...object, properties: { a: text } },
      { ...object, properties: { a: text } },
    ],
    [
      "take any name, where the upper one says so too",
      { ...object, additionalProperties: true },
      { ...object, properties: { a: text }, additionalProperties: true },
      { ...object, properties: { a: text }, additionalProperties: true },
    ],
    [
      "hold the values of a map in what the upper one declares",
      { ...object, additionalProperties: { minLength: 1 } },
      { ...object, properties: { a: text } },
      { ...object, properties: { a: { ...text, minLength: 1 } }, additionalProperties: { minLength: 1 } },
    ],
    [
      "are a constant alone, without what it satisfies",
      { ...text, minLength: 1, maxLength: 1, pattern: "^.$", enum: ["😀", "b"], default: "b" },
      { const: "😀" },
      { ...text, const: "😀" },
    ],
    ["are what a named type is, if that implies the other", { ...object, properties: { a: {} } }, named, named],
    [
      "are what a named type is, if that implies the other, with the notes of both",
      { ...named, description: "Wide.", deprecated: true },
      { ...object, properties: { a: {} }, description: "Narrow." },
      { ...named, description: "Narrow.", deprecated: true },
    ],
    ["are the named type that implies the other one", { $ref: "#/$defs/Wide" }, named, named],
    ["are what a named type is, if the other closes it", { ...object, additionalProperties: true }, named, named],
    [
      "are written out, if a named type does not imply the other",
      named,
      { ...object, required: ["a"] },
      { ...$defs.Named, required: ["a"] },
    ],
    [
      "lose the forms that their type excludes",
      { anyOf: [text, { type: "integer" }, { type: "null" }] },
      { type: ["string", "number"] },
      { type: ["string", "number"], anyOf: [text, { type: "integer" }] },
    ],
    [
      "are the only form that their type leaves",
      { anyOf: [{ $ref: "#/$defs/Short" }, { type: "null" }] },
      { ...text, minLength: 1 },
      { ...text, maxLength: 3, minLength: 1 },
    ],
    [
      "keep a choice without a type",
      { anyOf: [text, { type: "null" }] },
      { minLength: 1 },
      { anyOf: [text, { type: "null" }], minLength: 1 },
    ],
    [
      "keep a choice of one form",
      { anyOf: [{ ...text, maxLength: 3 }] },
      { ...text, minLength: 1 },
      { anyOf: [{ ...text, maxLength: 3 }], ...text, minLength: 1 },
    ],
    [
      "keep a choice of which their type leaves nothing",
      { anyOf: [text, { type: "null" }] },
      { type: "integer" },
      { anyOf: [text, { type: "null" }], type: "integer" },
    ],
    [
      "are the only form that has one of their types",
      { anyOf: [{ type: ["string", "null"] }, { type: "integer" }] },
      text,
      text,
    ],
    [
      "are the only form of numbers, if they are whole",
      { oneOf: [{ type: "number", maximum: 3 }, text] },
      { type: "integer" },
      { type: "integer", maximum: 3 },
    ],
    [
      "are the only form of whole numbers",
      { oneOf: [{ type: "integer", maximum: 3 }, text] },
      { type: "number" },
      { type: "integer", maximum: 3 },
    ],
    [
      "hold their values in a constant of a narrower type",
      { type: "number" },
      { const: 3 },
      { type: "number", const: 3 },
    ],
    [
      "are a constant of one of their types",
      { type: ["null", "string"] },
      { const: null },
      { type: ["null", "string"], const: null },
    ],
    ["are a constant, if both are the same one", { const: { a: 1 } }, { const: { a: 1 } }, { const: { a: 1 } }],
    [
      "have all their layers",
      { allOf: [{ minLength: 1, if: text }] },
      { allOf: [{ maxLength: 2, if: {} }] },
      { minLength: 1, maxLength: 2, if: {}, allOf: [{ if: text }] },
    ],
    [
      "keep items apart from the places of a tuple",
      { items: text },
      { prefixItems: [{}] },
      { prefixItems: [{}], allOf: [{ items: text }] },
    ],
    [
      "have items and a number of them",
      { items: text, prefixItems: [{}] },
      { minItems: 1 },
      { items: text, prefixItems: [{}], minItems: 1 },
    ],
    [
      "have the same tuple once",
      { items: text, prefixItems: [{}] },
      { items: text, prefixItems: [{}] },
      { items: text, prefixItems: [{}] },
    ],
    [
      "keep a condition apart from the branch of another",
      { if: text },
      { else: text },
      { else: text, allOf: [{ if: text }] },
    ],
    [
      "have both bounds of what neither asks for",
      { minContains: 1 },
      { maxContains: 2 },
      { minContains: 1, maxContains: 2 },
    ],
    [
      "are closed, if one is",
      { ...object, additionalProperties: false },
      { ...object, additionalProperties: text },
      { ...object, additionalProperties: false },
    ],
    [
      "have the other values of both",
      { ...object, additionalProperties: text },
      { ...object, additionalProperties: { minLength: 1 } },
      { ...object, additionalProperties: { ...text, minLength: 1 } },
    ],
    [
      "have the other values of one, if the other takes any",
      { ...object, additionalProperties: true },
      { ...object, additionalProperties: text },
      { ...object, additionalProperties: text },
    ],
    [
      "have the other values of the other, if one takes any",
      { ...object, additionalProperties: text },
      { ...object, additionalProperties: true },
      { ...object, additionalProperties: text },
    ],
    [
      "keep two sets of patterns apart",
      { ...object, patternProperties: { "^a": text } },
      { ...object, patternProperties: { "^b": text } },
      { ...object, patternProperties: { "^b": text }, allOf: [{ patternProperties: { "^a": text } }] },
    ],
    [
      "have the same patterns once",
      { ...object, patternProperties: { "^a": text }, additionalProperties: false },
      { ...object, patternProperties: { "^a": text }, additionalProperties: true },
      { ...object, patternProperties: { "^a": text }, additionalProperties: false },
    ],
    [
      "keep what is additional to patterns apart, with the names that are not",
      { ...object, properties: { z: text }, additionalProperties: text },
      { ...object, patternProperties: { "^a": { minLength: 1 } } },
      {
        ...object,
        properties: { z: text },
        patternProperties: { "^a": { minLength: 1 } },
        allOf: [{ additionalProperties: text, properties: { z: {} } }],
      },
    ],
    [
      "keep patterns apart from what is additional in the other",
      { ...object, patternProperties: { "^a": text }, additionalProperties: true },
      { ...object, additionalProperties: text },
      { ...object, additionalProperties: text, allOf: [{ patternProperties: { "^a": text } }] },
    ],
    [
      "keep patterns and what is additional to them together",
      { ...object, patternProperties: { "^\\p{L}$": { minLength: 1 } }, additionalProperties: { maxLength: 3 } },
      { ...object, properties: { a: text, b1: text } },
      {
        ...object,
        properties: { a: text, b1: { ...text, maxLength: 3 } },
        allOf: [
          {
            patternProperties: { "^\\p{L}$": { minLength: 1 } },
            additionalProperties: { maxLength: 3 },
            properties: {},
          },
        ],
      },
    ],
    [
      "hold the names of the lower one in what the upper one takes",
      { ...object, properties: { a: text, b: text } },
      { ...object, patternProperties: { "^a": { minLength: 1 } }, additionalProperties: { maxLength: 3 } },
      {
        ...object,
        properties: { a: text, b: { ...text, maxLength: 3 } },
        patternProperties: { "^a": { minLength: 1 } },
        additionalProperties: { maxLength: 3 },
      },
    ],
    [
      "stay open, where the only form left would close them",
      { anyOf: [named, { type: "null" }] },
      { ...object, additionalProperties: true },
      { ...object, anyOf: [named], additionalProperties: true },
    ],
    [
      "are closed inside as a named type is, where they are open",
      { ...object, properties: { at: { ...object, additionalProperties: true } } },
      { ...object, properties: { at: named } },
      { ...object, properties: { at: named } },
    ],
    [
      "open inside what a named type closes",
      { ...object, properties: { at: named } },
      { ...object, properties: { at: { ...object, additionalProperties: true } } },
      { ...object, properties: { at: { ...$defs.Named, additionalProperties: true } } },
    ],
    [
      "are the named type with notes only",
      { ...named, description: "Wide." },
      { description: "Narrow.", sensitive: true },
      { ...named, description: "Narrow.", sensitive: true },
    ],
    [
      "are types of themselves, side by side further inside",
      { $ref: "#/$defs/Tree" },
      { $ref: "#/$defs/Bush" },
      {
        ...object,
        properties: { next: { allOf: [{ $ref: "#/$defs/Tree" }, { $ref: "#/$defs/Bush" }] }, a: text, b: text },
      },
    ],
    [
      "have what each of them keeps apart",
      { allOf: [{ pattern: "a" }, { pattern: "b" }] },
      { allOf: [{ multipleOf: 2 }, { multipleOf: 3 }] },
      { pattern: "b", multipleOf: 3, allOf: [{ pattern: "a" }, { multipleOf: 2 }] },
    ],
  ])("%s", (_, base, child, flat) => {
    expect(together(base, child)).toEqual({ flat, problems: [] });
  });

  it("are written out six levels deep, and stand side by side below", () => {
    const { flat } = together({ $ref: "#/$defs/L0" }, { $ref: "#/$defs/M0", description: "Mixed." });
    let at = flat as Schema;
    for (let level = 0; level < 6; level++) {
      expect(Object.keys(at.properties ?? {})).toEqual(["L", "next", "M"]);
      at = at.properties?.["next"] ?? {};
    }
    expect(at).toEqual({ allOf: [{ $ref: "#/$defs/L6" }, { $ref: "#/$defs/M6" }] });
    expect(flat).toMatchObject({ description: "Mixed." });
  });

  it("have their properties in order, the lower one's first", () => {
    const base = { ...object, properties: { b: {}, a: {} } };
    const { flat } = together(base, { ...object, properties: { c: {}, a: text } });
    expect(Object.keys((flat as typeof base).properties)).toEqual(["b", "a", "c"]);
  });

  it.each<[string, unknown, unknown, string]>([
    [
      "types",
      text,
      { type: ["integer", "null"] },
      '/$defs/Both/allOf/1/type: conflicts with the type of the base schema, "string"',
    ],
    [
      "several types",
      { type: ["string", "null"] },
      { type: "integer" },
      '/$defs/Both/allOf/1/type: conflicts with the type of the base schema, "string" or "null"',
    ],
    [
      "values",
      { enum: [1, 2] },
      { enum: [3] },
      "/$defs/Both/allOf/1/enum: has no value in common with the enum of the base schema",
    ],
    [
      "constants",
      { const: [1] },
      { const: [2] },
      "/$defs/Both/allOf/1/const: conflicts with the constant of the base schema, 1",
    ],
    [
      "a constant and a type",
      { type: "integer" },
      { const: "x" },
      "/$defs/Both/allOf/1/const: is not allowed by the base schema",
    ],
    [
      "a constant and values",
      { enum: ["x"] },
      { const: "y" },
      "/$defs/Both/allOf/1/const: is not allowed by the base schema",
    ],
    [
      "a constant that is too short",
      { ...text, minLength: 2 },
      { const: "😀" },
      "/$defs/Both/allOf/1/const: is not allowed by the base schema",
    ],
    [
      "a constant that is too long",
      { ...text, maxLength: 2 },
      { const: "xyz" },
      "/$defs/Both/allOf/1/const: is not allowed by the base schema",
    ],
    [
      "a constant and a pattern",
      { ...text, pattern: "^y" },
      { const: "xy" },
      "/$defs/Both/allOf/1/const: is not allowed by the base schema",
    ],
    [
      "a name and a closed object",
      { ...object, properties: { a: {} }, additionalProperties: false },
      { ...object, properties: { b: {} } },
      '/$defs/Both/allOf/1/properties: "b" is rejected by "additionalProperties": false of the base schema',
    ],
    [
      "a closed object and a name",
      { ...object, properties: { b: {} } },
      { ...object, properties: { a: {} }, additionalProperties: false },
      '/$defs/Both/allOf/1/additionalProperties: rejects "b" of the base schema; remove it, the publisher already rejects undeclared properties',
    ],
  ])("contradict each other: %s", (_, base, child, problem) => {
    expect(together(base, child).problems).toEqual([problem]);
  });
});
