import fc from "fast-check";
import type { Schema } from "../../../codegen/schema/schema.js";

/** Any keywords, in any combination. */
export const anySchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => {
  const list = fc.array(tie("schema"), { minLength: 1, maxLength: 2 });
  const name = fc.constantFrom("a", "b", "x1");
  const named = fc.dictionary(name, tie("schema"), { maxKeys: 2, noNullPrototype: true });
  const count = fc.nat({ max: 3 });
  const keywords = {
    type: fc.constantFrom("string", "integer", "number", "boolean", "null", "array", "object", ["string", "array"]),
    const: fc.constantFrom<unknown>(1, "a", null, { a: 1 }, [1]),
    enum: fc.constantFrom<unknown[]>([1, "a"], [null, { a: 1 }], [1.5, [1]]),
    minLength: count,
    maxLength: count,
    pattern: fc.constantFrom("^a", "b$", "^[a-c]{2}$"),
    format: fc.constantFrom("date", "uuid", "email"),
    minimum: count,
    maximum: count,
    exclusiveMinimum: count,
    multipleOf: fc.constantFrom(1, 2, 0.5),
    properties: named,
    patternProperties: fc.record({ "^x": tie("schema") }),
    additionalProperties: tie("schema"),
    required: fc.uniqueArray(name, { maxLength: 2 }),
    propertyNames: fc.constantFrom({ maxLength: 1 }, { pattern: "^[ab]" }),
    dependentRequired: fc.constant({ a: ["b"] }),
    dependentSchemas: fc.record({ a: tie("schema") }),
    minProperties: count,
    maxProperties: count,
    items: tie("schema"),
    prefixItems: list,
    contains: tie("schema"),
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    anyOf: list,
    oneOf: list,
    not: tie("schema"),
    if: tie("schema"),
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: tie("schema"),
    else: tie("schema"),
  };
  const few = fc.subarray(Object.keys(keywords) as (keyof typeof keywords)[], { maxLength: 4 });
  return {
    schema: few.chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((keyword) => [keyword, keywords[keyword]]))),
    ) as fc.Arbitrary<Schema>,
  };
}).schema;
