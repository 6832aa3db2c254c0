import fc from "fast-check";
import type { Schema } from "../../../codegen/schema/schema.js";
import { walk } from "../../../codegen/schema/walk.js";

const names = ["a", "b", "c", "x1"] as const;
const name = fc.constantFrom(...names);
const object = { type: "object" } as const;

/** Types that schemas refer to, two of them recursive. */
export const definitions: Readonly<Record<string, Schema>> = {
  Card: { ...object, properties: { a: { const: "card" }, b: { type: "string" } }, required: ["a"] },
  Iban: { ...object, properties: { a: { const: "iban" }, c: { type: "string" } }, required: ["a", "c"] },
  Either: { oneOf: [{ $ref: "#/$defs/Card" }, { $ref: "#/$defs/Iban" }] },
  Tree: { ...object, properties: { a: { $ref: "#/$defs/Tree" }, b: { type: "string" } } },
  Shrub: {
    anyOf: [{ type: "string" }, { ...object, properties: { a: { $ref: "#/$defs/Shrub" }, c: { type: "integer" } } }],
  },
};

const scalar = fc.constantFrom<Schema>(
  { type: "string" },
  { type: "integer" },
  { type: "number" },
  { type: "boolean" },
  { type: ["string", "null"] },
  { type: ["string", "integer"] },
  { type: "string", minLength: 1, maxLength: 5 },
  { type: "string", pattern: "^[a-c]+$" },
  { type: "string", format: "date" },
  { type: "integer", minimum: 1 } as Schema,
  { type: "number", multipleOf: 0.5, maximum: 9 } as Schema,
  { const: "card" },
  { enum: ["x", "y", 3] },
  { anyOf: [{ type: "string" }, { type: "integer", tolerated: true }] },
  {},
);

/** A keyword that one in so many schemas has. */
function seldom<Value>(values: fc.Arbitrary<Value>, one = 6): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ arbitrary: values, weight: 1 }, { arbitrary: fc.constant(undefined), weight: one - 1 });
}

/** What is required is declared. */
function onlyGiven(given: object): Schema {
  const { required, ...made } = given as Schema;
  const present = Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)) as Schema;
  const names = required?.filter((key) => Object.hasOwn(made.properties ?? {}, key)) ?? [];
  return names.length === 0 ? present : { ...present, required: names };
}

/** Layers, forms and conditions over objects, lists and single values. */
export const schema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema; object: Schema; layered: Schema }>((tie) => {
  const schemas = fc.array(tie("schema"), { minLength: 1, maxLength: 3 });
  const typed = (type: string): { readonly type: fc.Arbitrary<string> } => ({ type: fc.constant(type) });
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      scalar,
      fc.constantFrom(...Object.keys(definitions)).map((type): Schema => ({ $ref: `#/$defs/${type}` })),
      tie("object"),
      tie("layered"),
    ) as fc.Arbitrary<Schema>,
    object: fc
      .record({
        type: fc.constantFrom<Schema["type"] & {}>("object", ["object", "null"]),
        properties: fc.dictionary(name, tie("schema"), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
        required: seldom(fc.uniqueArray(name, { maxLength: 2 }), 2),
        patternProperties: seldom(fc.record({ "^x": tie("schema") })),
        additionalProperties: seldom(fc.oneof(fc.boolean(), tie("schema"))),
        propertyNames: seldom(fc.constantFrom<Schema>({ maxLength: 1 }, { pattern: "^[a-c]" })),
        minProperties: seldom(fc.constant(1)),
        dependentRequired: seldom(fc.constantFrom({ a: ["b"] }, { b: ["c"] })),
      })
      .map((made) => onlyGiven(made)) as fc.Arbitrary<Schema>,
    layered: fc.oneof(
      fc.record({ ...typed("object"), properties: fc.record({ a: tie("schema") }), oneOf: schemas }),
      fc.record({ anyOf: schemas }),
      fc.record({ oneOf: schemas }),
      fc.record({ allOf: schemas, ...typed("object") }),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      fc.record({ if: tie("object"), then: tie("object"), else: tie("schema"), ...typed("object") }),
      fc.record({ ...typed("object"), dependentSchemas: fc.record({ a: tie("object") }) }),
      fc.record(
        {
          ...typed("array"),
          items: tie("schema"),
          minItems: fc.nat(2),
          maxItems: fc.integer({ min: 2, max: 3 }),
          uniqueItems: fc.boolean(),
          contains: tie("schema"),
        },
        { requiredKeys: ["type", "items"] },
      ),
      fc.record(
        { ...typed("array"), prefixItems: schemas, items: tie("schema") },
        { requiredKeys: ["type", "prefixItems"] },
      ),
      fc.record({ not: tie("object"), ...typed("object") }),
    ) as fc.Arbitrary<Schema>,
  };
}).schema;

/** A change of one schema, wherever it stands. */
export const edit: fc.Arbitrary<(given: Schema) => Schema> = fc.oneof(
  schema.map((other) => () => other),
  fc
    .constantFrom<Schema>(
      ...([
        { minLength: 2 },
        { maxLength: 1 },
        { pattern: "^[a-d]+$" },
        { format: "uuid" },
        { minimum: 2 },
        { maximum: 5 },
        { exclusiveMaximum: 5 },
        { multipleOf: 2 },
        { minItems: 1 },
        { maxItems: 1 },
        { uniqueItems: true },
        { required: ["a"] },
        { required: ["a", "b"] },
        { additionalProperties: false },
        { additionalProperties: true },
        { additionalProperties: { type: "string" } },
        { type: "string" },
        { type: "number" },
        { type: ["string", "null"] },
        { enum: ["x", "card"] },
        { enum: ["x", "y", 3, "z"] },
        { const: "iban" },
        { not: { required: ["b"] } },
        { propertyNames: { maxLength: 2 } },
        { dependentRequired: { a: ["c"] } },
        { description: "Something else." },
        { tolerated: true },
      ] as Schema[]),
    )
    .map((keywords) => (given: Schema) => ({ ...given, ...keywords })),
  fc.nat(9).map((at) => (given: Schema) => {
    const keywords = Object.keys(given);
    const { [keywords[at % Math.max(1, keywords.length)] ?? ""]: _, ...rest } = given;
    return rest;
  }),
  fc.tuple(name, schema).map(([key, inner]) => (given: Schema) => ({
    ...given,
    properties: { ...given.properties, [key]: inner },
  })),
  name.map((key) => (given: Schema) => {
    const { [key]: _, ...properties } = given.properties ?? {};
    return { ...given, properties };
  }),
  fc.tuple(schema, fc.constantFrom("anyOf", "oneOf")).map(([form, keyword]) => (given: Schema) => ({
    ...given,
    [keyword]: [...((given[keyword] ?? []) as readonly Schema[]), form],
  })),
  fc.constantFrom("anyOf", "oneOf", "prefixItems").map((keyword) => (given: Schema) => {
    const forms = (given[keyword] ?? []) as readonly Schema[];
    return forms.length < 2 ? given : { ...given, [keyword]: forms.slice(1).reverse() };
  }),
  fc.constant((given: Schema) => {
    const { anyOf, oneOf, ...rest } = given;
    return { ...rest, ...(anyOf !== undefined && { oneOf: anyOf }), ...(oneOf !== undefined && { anyOf: oneOf }) };
  }),
);

/** A schema with one of those inside it changed. */
export function edited(given: Schema, at: number, change: (inner: Schema) => Schema): Schema {
  const places = walk(given);
  const [path] = places[at % places.length] as (typeof places)[number];
  return replaced(given, path, change) as Schema;
}

function replaced(value: unknown, path: readonly string[], change: (inner: Schema) => Schema): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value as Schema);
  if (Array.isArray(value)) return value.map((item, at) => (`${at}` === key ? replaced(item, rest, change) : item));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaced(record[key], rest, change) };
}

/** Values that hold what the schemas speak of. */
export const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(
      "card",
      "iban",
      "x",
      "y",
      "z",
      "ab",
      "abcd",
      "",
      0,
      1,
      3,
      5,
      2.5,
      6,
      10,
      true,
      null,
      "2026-11-23",
    ),
    fc.constantFrom<unknown>({ a: "card", b: "x" }, { a: "iban", c: "x" }, { a: { a: {} } }),
    fc.dictionary(fc.constantFrom(...names, "d", "x2"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;
