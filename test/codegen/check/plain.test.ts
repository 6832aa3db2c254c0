import fc from "fast-check";
import { expect, it } from "vitest";
import { isPlain, plainlyAccepts } from "../../../codegen/check/plain.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { compileWriter } from "../../../runtime/contract/validation.js";
import { runs } from "../../support/runs.js";

const names = ["a", "b", "c"] as const;
const $defs: Readonly<Record<string, Schema>> = {
  Name: { type: "string", minLength: 2 },
  Tree: { type: "object", properties: { a: { $ref: "#/$defs/Tree" }, b: { $ref: "#/$defs/Name" } } },
};
const expand = ({ $ref = "", ...notes }: Schema): Schema => ({ ...$defs[$ref.slice("#/$defs/".length)], ...notes });

const { schema } = fc.letrec<{ schema: Schema; object: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Schema>(
      {},
      { type: "string", minLength: 2, maxLength: 3 },
      { type: "string", format: "uuid", description: "An id." },
      { format: "email" },
      { type: "integer", minimum: 1 },
      { type: "number", maximum: 2 },
      { type: ["boolean", "null"], default: null },
      { const: { a: 1 } },
      { enum: ["x", 3, null] },
      { type: "array", items: { type: "integer" } },
      { type: "array" },
      { type: "object" },
      { type: "object", additionalProperties: true, sensitive: true },
      { $ref: "#/$defs/Name", description: "Its name." },
      { $ref: "#/$defs/Tree" },
    ),
    tie("object"),
  ),
  object: fc.record(
    {
      type: fc.constant("object"),
      properties: fc.dictionary(fc.constantFrom(...names), tie("schema"), { maxKeys: 3 }),
      required: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Schema>,
}));

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>("", "x", "𝒳", "𝒳𝒳", "four", "ada@example.com", "0c352b96-8628-4933-bfaf-959ce68e851e"),
    fc.constantFrom<unknown>(0, 1, 2.5, 3, true, null, [], [1], [1, "x"], { a: 1 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom(...names, "d"), tie("value"), { maxKeys: 3 }),
}));

it("accepts what the strict writer accepts, and nothing else", () => {
  let accepted = 0;
  fc.assert(
    fc.property(schema, value, (given, sample) => {
      expect(isPlain(given)).toBe(true);
      const isAccepted = compileWriter({ ...given, $defs })(sample) === undefined;
      expect(plainlyAccepts(given, sample, expand)).toBe(isAccepted);
      if (isAccepted) accepted++;
    }),
    runs(800),
  );
  expect(accepted).toBeGreaterThan(100);
});

it("leaves to Ajv what it does not know", () => {
  for (const unknown of [{ pattern: "^x" }, { anyOf: [{ const: "x" }] }, { items: true }] satisfies object[]) {
    expect(plainlyAccepts(unknown as unknown as Schema, ["x"], expand)).toBe(false);
  }
  expect(isPlain({ type: "object", properties: { a: { pattern: "^x" } } })).toBe(false);
});
