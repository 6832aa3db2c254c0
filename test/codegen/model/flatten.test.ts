import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import { runs } from "../../support/runs.js";
import { textsOf } from "../catalogue.js";

const names = ["a", "b", "c"] as const;

/** Types that refer to themselves and to each other. */
const ring = {
  $defs: {
    A: { type: "object", properties: { a: { $ref: "#/$defs/A" }, b: { type: "string" } } },
    B: { type: "object", properties: { a: { $ref: "#/$defs/B" }, b: { minLength: 1 }, c: { type: "integer" } } },
    C: { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#/$defs/C" } }, { $ref: "#/$defs/B" }] },
  },
};

/** Schemas that a `$ref`, an envelope and a message may well hold. */
const { schema } = fc.letrec<{ schema: object; object: object }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<object>(
      {},
      { type: "string" },
      { type: "integer" },
      { type: "number", minimum: 1 },
      { type: ["string", "integer"] },
      { type: ["string", "null"], maxLength: 2 },
      { type: "string", minLength: 1 },
      { type: "string", pattern: "^x" },
      { pattern: "y$" },
      { const: "x" },
      { const: 3 },
      { enum: ["x", "y", 3] },
      { enum: ["y", null] },
      { anyOf: [{ type: "string" }, { type: "integer" }] },
      { oneOf: [{ $ref: "named.json" }, { type: "null" }] },
      { oneOf: [{ $ref: "ring.json#/$defs/A" }, { type: ["string", "null"] }, { type: "object" }] },
      { anyOf: [{ $ref: "ring.json#/$defs/B" }, { type: "array", items: { $ref: "named.json" } }] },
      { type: "null" },
      { type: "object", required: ["a"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      { if: { type: "string" }, then: { minLength: 2 }, else: { const: 3 } },
      { if: { type: "integer" }, else: { const: "x" } },
      { type: "array", items: { type: "string" } },
      { type: "array", prefixItems: [{ type: "integer" }], items: { type: "string" } },
      { contains: { const: "x" }, minContains: 2 },
      { contains: { const: 3 } },
      { type: "array", prefixItems: [{ type: "string" }], items: false },
      { items: false },
      { prefixItems: [{ type: "integer" }, { const: "x" }] },
      { contains: { const: "x" }, minContains: 0 },
      { minItems: 1, maxItems: 2, uniqueItems: true },
      { type: "object", additionalProperties: true },
      { type: "object", patternProperties: { "^[ab]": { type: ["string", "integer"] } } },
      { type: "object", patternProperties: { "^[cd]": { type: "string" } }, additionalProperties: { type: "integer" } },
      { type: "object", patternProperties: { "^a": { type: "integer" } }, additionalProperties: false },
      { propertyNames: { maxLength: 1 }, minProperties: 1 },
      { dependentRequired: { a: ["b"] } },
      { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      { not: { required: ["c"] } },
      { $ref: "ring.json#/$defs/A" },
      { $ref: "ring.json#/$defs/B" },
      { $ref: "ring.json#/$defs/C" },
      { $ref: "named.json" },
      { $ref: "named.json", description: "Named." },
      { $ref: "named.json", required: ["b"] },
    ),
    tie("object"),
  ),
  object: fc.record(
    {
      type: fc.constant("object"),
      properties: fc.dictionary(fc.constantFrom(...names), tie("schema"), { maxKeys: 3 }),
      required: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }),
      additionalProperties: fc.constantFrom<unknown>(true, { type: "string" }, { $ref: "ring.json#/$defs/A" }),
      patternProperties: fc.constantFrom<unknown>({ "^a": { type: "string" } }, { b$: { minimum: 2 } }),
    },
    { requiredKeys: ["type"] },
  ),
}));

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("", "x", "y", "xy", "xyz", 0, 1, 3, 2.5, null),
    fc.array(fc.constantFrom("", "x", "y", 0, 1, 3), { maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom(...names, "d"), tie("value"), { maxKeys: 3, noNullPrototype: true }),
})).value;

/** Without the metaschema, which would take longer to compile than everything else. */
const plain = { allErrors: true, strict: false, meta: false, validateSchema: false } as const;

function ajv(): Ajv2020 {
  const made = new Ajv2020(plain);
  // Its code for `unevaluatedProperties` fails where a condition stands beside patterns, and no schema here has those.
  made.opts.unevaluated = false;
  return made;
}

it("flattens a schema to one that accepts the same values, whatever stands beside a $ref", () => {
  fc.assert(
    fc.property(schema, schema, schema, fc.array(value, { minLength: 8 }), (base, beside, allOf, values) => {
      const files = {
        "types/named.json": { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } } },
        "types/ring.json": ring,
        "types/base.json": base,
        "types/child.json": { allOf: [{ $ref: "base.json" }, allOf], ...beside },
      };
      const sources = sourcesOf(textsOf(files), "schemas");
      const model = buildModel(sources, readConfig(undefined).config);
      const flat = Object.fromEntries(
        model.definitions.map((found) => [found.name, model.flattener.definition(found)]),
      );

      // What contradicts itself is a problem of the catalogue and never generated.
      fc.pre(model.flattener.problems.length === 0);

      const written = ajv();
      for (const [path, file] of Object.entries(files)) written.addSchema(file, `file:///${path}`);
      const asWritten = written.getSchema("file:///types/child.json");
      const asFlat = ajv().compile({ $defs: flat, ...flat["Child"] });
      for (const one of values) expect([one, asFlat(one)]).toEqual([one, asWritten?.(one)]);
    }),
    runs(200),
  );
});
