// Random schemas that describe the same value several times, and values for them.

import fc from "fast-check";
import type { Schema } from "../../../codegen/schema/schema.js";

const names = ["a", "b", "c", "x1"] as const;
const name = fc.constantFrom(...names);
export const object = { type: "object" } as const;

/** Types that other schemas refer to, two of them recursive. */
export const $defs: Readonly<Record<string, Schema>> = {
  Card: { ...object, properties: { a: { const: "card" }, b: { type: "string" } }, required: ["b"] },
  Iban: { ...object, properties: { a: { const: "iban" }, c: { type: "string" } }, required: ["c"] },
  Either: { oneOf: [{ $ref: "#/$defs/Card" }, { $ref: "#/$defs/Iban" }] },
  Tree: { ...object, properties: { a: { $ref: "#/$defs/Tree" }, b: { type: "string" } } },
  Shrub: { anyOf: [{ type: "string" }, { ...object, properties: { a: { $ref: "#/$defs/Shrub" }, c: {} } }] },
};
const types = Object.keys($defs);

/** Layers, forms and conditions over objects and lists of them. */
export const { schema } = fc.letrec<{ schema: Schema; object: Schema; layered: Schema }>((tie) => {
  const schemas = fc.array(tie("schema"), { minLength: 1, maxLength: 2 });
  return {
    schema: fc.oneof(
      { depthSize: "medium" },
      fc.constantFrom<Schema>({ type: "string" }, { const: "card" }, { enum: ["x", { a: "card" }] }, {}),
      fc.constantFrom(...types).map((type) => ({ $ref: `#/$defs/${type}` })),
      tie("object"),
      tie("layered"),
    ) as fc.Arbitrary<Schema>,
    object: fc.record(
      {
        type: fc.constantFrom<Schema["type"] & {}>("object", ["object", "null"]),
        properties: fc.dictionary(name, tie("schema"), { maxKeys: 2, noNullPrototype: true }),
        required: fc.uniqueArray(name, { maxLength: 1 }),
        patternProperties: fc.record({ "^x": tie("schema"), "1$": tie("schema") }, { requiredKeys: [] }),
        additionalProperties: tie("schema"),
      },
      { requiredKeys: ["type"] },
    ) as fc.Arbitrary<Schema>,
    layered: fc.oneof(
      fc.record({ ...field(object.type), properties: fc.record({ a: tie("schema") }), oneOf: schemas }),
      fc.record({ anyOf: schemas }),
      fc.record({ allOf: schemas, ...field(object.type) }),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      fc.record({ if: tie("object"), then: tie("object"), else: tie("schema"), ...field(object.type) }),
      fc.record({ ...field(object.type), dependentSchemas: fc.record({ a: tie("object") }) }),
      fc.record({ type: fc.constant("array"), items: tie("schema") }),
      fc.record({ type: fc.constant("array"), prefixItems: schemas, items: tie("schema") }),
      fc.record({ not: tie("object"), ...field(object.type) }),
    ) as fc.Arbitrary<Schema>,
  };
});

function field(type: string): { readonly type: fc.Arbitrary<string> } {
  return { type: fc.constant(type) };
}

/** Values that hold what the schemas speak of. */
export const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "medium" },
    fc.constantFrom<unknown>("card", "iban", "x", null, { a: "card", b: "x" }, { a: "iban", c: "x" }, { a: { a: {} } }),
    fc.dictionary(fc.constantFrom(...names, "d", "x2", "d1"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie("value"), { maxLength: 2 }),
  ),
}));
