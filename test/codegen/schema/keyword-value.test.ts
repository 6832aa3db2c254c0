import { describe, expect, it } from "vitest";
import { CatalogueError } from "../../../codegen/index.js";
import { generated, sound } from "../catalogue.js";

/** The problems of a type, each as its rule, its place and its sentence, and what is suggested. */
async function problemsOf(schema: unknown): Promise<readonly (readonly string[])[]> {
  const refused = await generated({ ...sound, "types/a.json": schema }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refused === undefined) return [];
  if (!(refused instanceof CatalogueError)) throw refused;
  return refused.problems.map(({ rule, pointer, sentence, suggestion }) => [
    rule,
    pointer,
    suggestion === undefined ? sentence : `${sentence}? ${suggestion}`,
  ]);
}

const names = "must be an array of unique names";
const schema = "must be a schema object, true or false";
const type = "must be a type name or an array of type names";

describe("the value of a keyword", () => {
  it.each<[string, string, unknown]>([
    ["/title", "must be a string", { title: 5, type: "string" }],
    ["/deprecated", "must be true or false", { type: "string", deprecated: "yes" }],
    ["/minimum", "must be a number", { type: "number", minimum: "1" }],
    ["/multipleOf", "must be a number greater than 0", { type: "number", multipleOf: 0 }],
    ["/multipleOf", "must be a number greater than 0", { type: "number", multipleOf: "2" }],
    ["/minLength", "must be an integer of at least 0", { type: "string", minLength: 1.5 }],
    ["/minLength", "must be an integer of at least 0", { type: "string", minLength: -1 }],
    ["/required", names, { type: "object", properties: { a: {} }, required: "a" }],
    ["/required", names, { type: "object", properties: { a: {} }, required: ["a", "a"] }],
    ["/required", names, { type: "object", properties: { a: {} }, required: [1] }],
    ["/dependentRequired", "must be an object whose values are arrays of unique names", { dependentRequired: ["a"] }],
    [
      "/dependentRequired",
      "must be an object whose values are arrays of unique names",
      { type: "object", properties: { a: {} }, dependentRequired: { a: "b", b: ["a"] } },
    ],
    ["/enum", "must be a non-empty array", { enum: [] }],
    ["/enum", "must be a non-empty array", { enum: "a" }],
    ["/type", type, { type: 5 }],
    ["/type", type, { type: [] }],
    ["/type", type, { type: ["string", "string"] }],
  ])("must have its form: %s %s", async (pointer, sentence, value) => {
    expect(await problemsOf(value)).toEqual([["keyword-value", pointer, sentence]]);
  });

  it.each<[string, string, unknown]>([
    ["/not", schema, { type: "string", not: "x" }],
    ["/additionalProperties", schema, { type: "object", additionalProperties: "no" }],
    ["/additionalProperties", schema, { type: "object", additionalProperties: null }],
    ["/items", schema, { type: "array", items: [{}] }],
    ["/anyOf", "must be a non-empty array of schemas", { anyOf: [] }],
    ["/anyOf", "must be a non-empty array of schemas", { anyOf: { type: "string" } }],
    ["/anyOf/1", schema, { anyOf: [{ type: "string" }, "string"] }],
    ["/properties", "must be an object whose values are schemas", { type: "object", properties: [] }],
    ["/properties/b", schema, { type: "object", properties: { a: {}, b: null } }],
    ["/properties/a/not", schema, { type: "object", properties: { a: { type: "string", not: [] } } }],
  ])("must be a schema where one stands: %s %s", async (pointer, sentence, value) => {
    expect(await problemsOf(value)).toEqual([["schema-form", pointer, sentence]]);
  });

  it.each([
    ["/type/1", "strng", "string", { type: ["null", "strng"] }],
    ["/type", "Integer", "integer", { type: "Integer" }],
    ["/type", "int", "integer", { type: "int" }],
    ["/type", "LONG", "integer", { type: "LONG" }],
    ["/type", "int64", "integer", { type: "int64" }],
    ["/type", "float", "number", { type: "float" }],
    ["/type", "decimal", "number", { type: "decimal" }],
    ["/type", "bool", "boolean", { type: "bool" }],
    ["/type", "list", "array", { type: "list" }],
    ["/type", "tuple", "array", { type: "tuple" }],
    ["/type", "dict", "object", { type: "dict" }],
    ["/type", "map", "object", { type: "map" }],
    ["/type", "timestamp", "string", { type: "timestamp" }],
    ["/type", "bigint", "string", { type: "bigint" }],
    ["/type", "interval", "string", { type: "interval" }],
    ["/type", "bitmap", "string", { type: "bitmap" }],
    ["/type", "mapping", "string", { type: "mapping" }],
    ["/type", "floating", "string", { type: "floating" }],
    ["/type", "nonfloat", "string", { type: "nonfloat" }],
  ])("names a type of JSON Schema: %s %s", async (pointer, given, suggestion, value) => {
    const sentence = `"${given}" is not a type of JSON Schema? "${suggestion}"`;
    expect(await problemsOf(value)).toEqual([["unknown-type", pointer, sentence]]);
  });

  it("is a pattern that JavaScript can use", async () => {
    const reason = "is not a valid regular expression: /(/u: Unterminated group";
    expect(await problemsOf({ type: "object", patternProperties: { "^x": {}, "(": {} } })).toEqual([
      ["regular-expression", "/patternProperties/(", reason],
    ]);
    expect(await problemsOf({ type: "string", pattern: "(" })).toEqual([["regular-expression", "/pattern", reason]]);
  });

  it("has no property that JavaScript has for the prototype", async () => {
    expect(await problemsOf('{ "type": "object", "properties": { "a": {}, "__proto__": {} } }')).toEqual([
      ["property-name", "/properties/__proto__", "cannot be a property name in JavaScript"],
    ]);
  });

  it("may be the least that its form allows", async () => {
    const properties = { a: { const: null }, b: { type: ["null"] }, c: { multipleOf: 0.1 }, d: true, e: false };
    const least = { minProperties: 0, required: [], dependentRequired: {}, additionalProperties: false };
    expect(await problemsOf({ type: "object", properties, ...least })).toEqual([]);
  });
});
