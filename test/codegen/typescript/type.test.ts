import { describe, expect, it } from "vitest";
import type { Schema } from "../../../codegen/schema/schema.js";
import { TypePrinter } from "../../../codegen/typescript/type-printer.js";

const text = { type: "string" };
const whole = { type: "integer" };
const named = { $ref: "#/$defs/Named" };
const a = { properties: { a: text } };
const b = { properties: { b: whole } };
const objectOf = (properties: object, more: object = {}): object => ({ type: "object", properties, ...more });
const hasA = objectOf(a.properties);
const hasB = objectOf(b.properties);
const mapOf = (values: unknown): object => ({ type: "object", additionalProperties: values });

/** What is printed of a schema, on one line: the body of an interface, or the right-hand side of a type. */
async function printed(schema: object): Promise<string> {
  const printer = await TypePrinter.of([schema as Schema]);
  const { isInterface, text: lines } = printer.textOf(schema as Schema);
  const line = lines.trim().replaceAll(/\n\s*/g, " ").replace(/^\| /, "");
  return isInterface ? `interface ${line}` : line;
}

/** Types are printed as users of the generated code read them. */
type Rows = readonly (readonly [schema: object, type: string])[];

describe("a single value is a literal", () => {
  it.each<Rows[number]>([
    [{ const: null }, "null"],
    [{ const: { a: [1, "b"], "c-d": {} } }, '{ a: [1, "b"], "c-d": {} }'],
    [{ enum: ["a", 1, null] }, '"a" | 1 | null'],
    [{ enum: ["a", "a"] }, '"a"'],
    [{ type: "array", items: { enum: ["a", "b"] } }, '("a" | "b")[]'],
    [{ anyOf: [{ type: "array", items: { enum: ["a", "b"] } }, { enum: [")", "|"] }] }, '("a" | "b")[] | (")" | "|")'],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("a schema that says nothing of a type is unknown, and one that nothing fits is never", () => {
  it.each<Rows[number]>([
    [{}, "unknown"],
    [{ not: text }, "unknown"],
    [{ required: ["a"], minItems: 2 }, "unknown"],
    [{ minimum: 1 }, "unknown"],
    [{ not: {} }, "never"],
    [{ type: "string", not: {} }, "never"],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("an object has its names, and no others", () => {
  it.each<Rows[number]>([
    [hasA, "interface { a?: string; }"],
    [objectOf(a.properties, { required: ["a"] }), "interface { a: string; }"],
    [{ type: "object" }, "Record<string, never>"],
    [objectOf({}), "Record<string, never>"],
    [objectOf(a.properties, { additionalProperties: false }), "interface { a?: string; }"],
    [{ type: "array", items: { ...hasA, required: ["a"] } }, "{ a: string; }[]"],
    [{ ...hasA, type: ["object", "null"] }, "{ a?: string; } | null"],
    [{ type: "array", items: objectOf({ "a b": text, X1X: text }) }, '{ "a b"?: string; X1X?: string; }[]'],
    [{ type: "array", items: objectOf({ a: { ...text, description: "Text." } }) }, "{ /** Text. */ a?: string; }[]"],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("an open object is a map, of its values' types where it declares no name", () => {
  it.each<Rows[number]>([
    [mapOf(true), "interface { [key: string]: unknown; }"],
    [mapOf(text), "interface { [key: string]: string; }"],
    [{ ...mapOf(true), required: ["a"] }, "interface { [key: string]: unknown; }"],
    [mapOf({ type: ["string", "null"] }), "interface { [key: string]: string | null; }"],
    [{ type: "object", patternProperties: { "^a": text } }, "interface { [key: string]: string; }"],
    [
      { type: "object", patternProperties: { "^a": text, "^b": whole } },
      "interface { [key: string]: string | number; }",
    ],
    [{ ...mapOf(whole), patternProperties: { "^a": text } }, "interface { [key: string]: string | number; }"],
    [{ ...mapOf(true), patternProperties: { "^a": text } }, "interface { [key: string]: unknown; }"],
    [{ ...mapOf(false), patternProperties: { "^a": text } }, "interface { [key: string]: string; }"],
    [objectOf(a.properties, { additionalProperties: whole }), "interface { a?: string; [key: string]: unknown; }"],
    [
      objectOf(a.properties, { patternProperties: { "^b": whole } }),
      "interface { a?: string; [key: string]: unknown; }",
    ],
    [
      objectOf(a.properties, { required: ["a", "b"], additionalProperties: true }),
      "interface { a: string; [key: string]: unknown; }",
    ],
    [
      objectOf({ a: mapOf(text), b: mapOf(named) }),
      "interface { a?: Record<string, string>; b?: Record<string, Named>; }",
    ],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });

  it("is no Record of a type by name, which could be the type that it stands in", async () => {
    const nullable = { type: ["object", "null"] };
    expect(await printed({ ...nullable, additionalProperties: mapOf(named) })).toBe(
      "{ [key: string]: { [key: string]: Named; }; } | null",
    );
    expect(await printed({ ...nullable, additionalProperties: mapOf(text) })).toBe(
      "{ [key: string]: Record<string, string>; } | null",
    );
  });
});

describe("a choice is a union of its forms", () => {
  it.each<Rows[number]>([
    [{ anyOf: [text, { type: "null" }] }, "string | null"],
    [{ anyOf: [{ anyOf: [text, whole] }, { type: "null" }] }, "(string | number) | null"],
    [{ type: "object", oneOf: [hasA, hasB] }, "{ a?: string; } | { b?: number; }"],
    [{ type: "object", anyOf: [hasA, hasB] }, "{ a?: string; } | { b?: number; }"],
    [objectOf({}, { oneOf: [hasA, hasB] }), "{ a?: string; } | { b?: number; }"],
    [objectOf({}, { anyOf: [hasA, hasB] }), "{ a?: string; } | { b?: number; }"],
    [{ anyOf: [{ type: "object" }, hasB] }, "Record<string, never> | { b?: number; }"],
    [
      { type: ["object", "null", "string"], anyOf: [hasA, hasB] },
      "({ a?: string; } | { b?: number; }) | null | string",
    ],
    [{ type: ["string", "null"], anyOf: [{ const: "a" }, { const: null }] }, '"a" | null'],
    [{ anyOf: [named, hasA] }, "Named | { a?: string; }"],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });

  it.each<Rows[number]>([
    [objectOf(a.properties, { anyOf: [{ required: ["a"] }, hasB] }), "interface { a?: string; b?: number; }"],
    [objectOf(a.properties, { anyOf: [{ type: "object" }, hasB] }), "interface { a?: string; b?: number; }"],
    [objectOf(a.properties, { oneOf: [{ required: ["a"], ...b }, {}] }), "interface { a?: string; b?: number; }"],
    [{ type: "string", anyOf: [text, { minLength: 2 }] }, "string"],
  ])("unless a form is only a condition, which adds its names: %j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("a layer is intersected if it is a type of names", () => {
  it.each<Rows[number]>([
    [{ type: "object", allOf: [hasA] }, "interface { a?: string; }"],
    [objectOf(a.properties, { allOf: [named] }), "Named & { a?: string; }"],
    [objectOf({}, { allOf: [named] }), "Named"],
    [objectOf(a.properties, { allOf: [{ ...named, items: text }] }), "Named & { a?: string; }"],
    [objectOf(a.properties, { allOf: [{ minProperties: 1 }, hasB] }), "{ b?: number; } & { a?: string; }"],
    [{ ...hasA, type: ["object", "null"], allOf: [named] }, "(Named & { a?: string; }) | null"],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });

  it.each<Rows[number]>([
    [objectOf(a.properties, { allOf: [mapOf(text)] }), "interface { a?: string; }"],
    [objectOf(a.properties, { allOf: [{ ...hasB, patternProperties: { "^x": text } }] }), "interface { a?: string; }"],
    [
      objectOf(a.properties, { allOf: [{ type: "object", patternProperties: { "^x": text } }] }),
      "interface { a?: string; }",
    ],
    [objectOf(a.properties, { allOf: [{ type: "object" }] }), "interface { a?: string; }"],
    [{ type: "array", items: text, allOf: [{ type: "array", items: whole }] }, "string[]"],
  ])("and else left out: %j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("a list has the types of its items, and a tuple those of its places", () => {
  it.each<Rows[number]>([
    [{ type: "array", items: true }, "unknown[]"],
    [{ type: "array", items: named }, "Named[]"],
    [{ type: "array", items: text, minItems: 2, maxItems: 3 }, "string[]"],
    [{ type: "array", prefixItems: [text, whole] }, "[] | [string] | [string, number, ...unknown[]]"],
    [{ type: "array", prefixItems: [text, whole], minItems: 1 }, "[string] | [string, number, ...unknown[]]"],
    [{ type: "array", prefixItems: [text, whole], minItems: 3 }, "[string, number, ...unknown[]]"],
    [{ type: "array", prefixItems: [text, whole], minItems: 2, items: false }, "[string, number]"],
    [{ type: "array", prefixItems: [text, whole], items: false }, "[] | [string] | [string, number]"],
    [{ type: "array", prefixItems: [text], minItems: 1, items: whole }, "[string, ...number[]]"],
    [{ type: "array", prefixItems: [text], minItems: 1, items: true }, "[string, ...unknown[]]"],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("a condition adds names, of any type that it gives them", () => {
  const alone = { if: { properties: { c: whole } } };
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  const either = { if: {}, then: { properties: { b: text } }, else: { properties: { b: whole, a: whole } } };

  it.each<Rows[number]>([
    [objectOf(a.properties, alone), "interface { a?: string; c?: unknown; }"],
    [objectOf(a.properties, either), "interface { a?: string; b?: string | number; }"],
    [objectOf(a.properties, { dependentSchemas: { a: b } }), "interface { a?: string; b?: number; }"],
    [
      objectOf(a.properties, { dependentSchemas: { a: { anyOf: [b, { properties: { c: text } }] } } }),
      "interface { a?: string; b?: number; c?: string; }",
    ],
    [
      objectOf(a.properties, { if: { properties: { c: whole }, anyOf: [{ properties: { d: whole } }] } }),
      "interface { a?: string; c?: unknown; d?: unknown; }",
    ],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});

describe("what belongs to a person may be erased", () => {
  it.each<Rows[number]>([
    [{ ...text, subject: "payload.id" }, "string | Erased"],
    [{ ...named, subject: "entity_id" }, "Named | Erased"],
    [{ ...hasA, subject: "entity_id" }, "{ a?: string; } | Erased"],
    [objectOf({ a: { ...text, subject: "id" } }), "interface { a?: string | Erased; }"],
  ])("%j: %s", async (schema, type) => {
    expect(await printed(schema)).toBe(type);
  });
});
