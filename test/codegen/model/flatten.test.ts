import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import { textsOf } from "../catalogue.js";

const names = ["a", "b", "c"] as const;

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
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      { if: { type: "string" }, then: { minLength: 2 }, else: { const: 3 } },
      { if: { type: "integer" }, else: { const: "x" } },
      { type: "array", items: { type: "string" } },
      { type: "array", prefixItems: [{ type: "integer" }], items: { type: "string" } },
      { contains: { const: "x" }, minContains: 2 },
      { contains: { const: 3 } },
      { type: "object", additionalProperties: true },
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
      additionalProperties: fc.constantFrom<unknown>(true, { type: "string" }),
    },
    { requiredKeys: ["type"] },
  ),
}));

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("", "x", "y", "xy", "xyz", 0, 1, 3, 2.5, null),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom(...names, "d"), tie("value"), { maxKeys: 3 }),
})).value;

/** Without the metaschema, which would take longer to compile than everything else. */
const plain = { strict: false, meta: false, validateSchema: false } as const;

it("flattens a schema to one that accepts the same values, whatever stands beside a $ref", () => {
  fc.assert(
    fc.property(schema, schema, schema, fc.array(value, { minLength: 8 }), (base, beside, allOf, values) => {
      const files = {
        "types/named.json": { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } } },
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

      const written = new Ajv2020(plain);
      for (const [path, file] of Object.entries(files)) written.addSchema(file, `file:///${path}`);
      const asWritten = written.getSchema("file:///types/child.json");
      const asFlat = new Ajv2020(plain).compile({ $defs: flat, ...flat["Child"] });
      for (const one of values) expect([one, asFlat(one)]).toEqual([one, asWritten?.(one)]);
    }),
    { numRuns: 200 },
  );
});
