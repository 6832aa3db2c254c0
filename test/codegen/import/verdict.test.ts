import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeRules } from "../../../codegen/index.js";
import { runs } from "../../support/runs.js";
import { imported } from "./imported.js";

const conditions = ["if", "then", "else"];
const name = fc.constantFrom("a", "b", "c");

/** Schemas of draft 07 with whatever is changed on import, and keywords that mean nothing in it. */
const { schema } = fc.letrec<{ readonly schema: object | boolean }>((tie) => {
  const inner = tie("schema");
  const list = fc.array(inner, { minLength: 1, maxLength: 2 });
  const names = fc.uniqueArray(name, { maxLength: 2 });
  const named = fc.dictionary(name, inner, { maxKeys: 3 });
  const number = fc.integer({ min: -2, max: 4 });
  const count = fc.nat({ max: 3 });
  const optional = { requiredKeys: [] };
  const text = {
    type: fc.constant("string"),
    minLength: count,
    pattern: fc.constantFrom("^a", "\\-", "^[a\\-z]\\_?$"),
  };
  return {
    schema: fc.oneof(
      { depthSize: "small", withCrossShrink: true, maxDepth: 4 },
      fc.boolean(),
      fc.record({ ...text, format: fc.constant("own"), "x-own": number }, optional),
      fc.record({ type: fc.constantFrom("number", "integer"), minimum: number, exclusiveMaximum: number }, optional),
      fc.record(
        { const: fc.constantFrom(1, "a", null), type: fc.constantFrom("string", ["number", "null"]) },
        optional,
      ),
      fc.record({
        enum: fc.uniqueArray(fc.constantFrom(1, "a", null, 2.5), { minLength: 1 }),
        type: fc.constant("string"),
      }),
      fc.record({
        $ref: fc.constantFrom("#", "#/definitions/x", "#/definitions/y", "#/properties/a"),
        maxLength: count,
      }),
      fc.record(
        {
          ...{ type: fc.constant("object"), properties: named, required: names, additionalProperties: inner },
          dependencies: fc.dictionary(name, fc.oneof(names, inner), { maxKeys: 2 }),
          patternProperties: fc.dictionary(fc.constantFrom("^a", "\\-"), inner, { maxKeys: 1 }),
          ...{ propertyNames: fc.constant({ maxLength: 3 }), unevaluatedProperties: fc.constant(false) },
        },
        { requiredKeys: ["type"] },
      ),
      fc.record(
        { type: fc.constant("array"), items: inner, minItems: count, contains: inner },
        { requiredKeys: ["type"] },
      ),
      fc.record(
        { type: fc.constant("array"), items: list, additionalItems: inner, minItems: count },
        { requiredKeys: ["type", "items"] },
      ),
      fc.record({ anyOf: list, allOf: list, oneOf: list, not: inner, prefixItems: list }, optional),
      // An object with a `then` would be taken for a promise.
      fc
        .array(inner, { minLength: 3, maxLength: 3 })
        .map((parts) => Object.fromEntries(conditions.map((keyword, at) => [keyword, parts[at]]))),
    ),
  };
});

const document = fc
  .record({ a: schema, b: schema, x: schema, y: schema })
  .map(({ a, b, x, y }) => ({ type: "object", properties: { a, b }, definitions: { x, y } }));

const { value } = fc.letrec<{ readonly value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.constantFrom(null, true, 1, 2.5, -1, "", "a", "-", "abc"),
    fc.dictionary(name, tie("value"), { maxKeys: 3 }),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
}));

const sample = fc.dictionary(fc.constantFrom("a", "b"), value, { maxKeys: 2 });

const old = {
  strict: false,
  logger: false,
  unicodeRegExp: false,
  validateFormats: false,
  ignoreKeywordsWithRef: true,
} as const;

describe("any schema of draft 07", () => {
  it("is imported or refused, and takes the same values as before if the report says so", async () => {
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(document, fc.array(sample, { minLength: 5, maxLength: 10 }), async (original, values) => {
        const { files, changes, hindrances } = await imported(
          { "order.json": original },
          { kind: "type", draft: "07" },
        );
        const now = files["types/order.json"];
        expect(now !== undefined || hindrances.length > 0).toBe(true);
        const isSame = changes.every(({ rule }) => changeRules[rule].effect === "same" || rule === "format");
        if (now === undefined || hindrances.length > 0 || !isSame || changes.length === 0) return;
        const accepts = new Ajv2020({ strict: false, logger: false, validateFormats: false }).compile(now);
        const accepted = new Ajv(old).compile(original);
        for (const one of values) {
          judged++;
          expect([one, accepts(one)]).toEqual([one, accepted(one)]);
        }
      }),
      runs(60),
    );
    expect(judged).toBeGreaterThan(50);
  }, 120_000);
});
