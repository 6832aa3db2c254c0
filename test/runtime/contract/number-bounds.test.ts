import { expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { withNumberBounds } from "../../../runtime/contract/number-bounds.js";

const { MIN_SAFE_INTEGER: minimum, MAX_SAFE_INTEGER: maximum } = Number;
const whole: JsonSchema = { type: "integer" };
const bounded: JsonSchema = { ...whole, minimum, maximum };

it.each<[string, JsonSchema, JsonSchema]>([
  ["has both", whole, bounded],
  ["or null has both", { type: ["integer", "null"] }, { type: ["integer", "null"], minimum, maximum }],
  ["keeps bounds of its own", { ...whole, minimum: 0, maximum: 9 }, { ...whole, minimum: 0, maximum: 9 }],
  ["keeps one of its own", { ...whole, minimum: 0 }, { ...whole, minimum: 0, maximum }],
  [
    "keeps bounds that it does not reach",
    { ...whole, exclusiveMinimum: minimum, exclusiveMaximum: maximum },
    { ...whole, exclusiveMinimum: minimum, exclusiveMaximum: maximum },
  ],
  ["has narrower ones than its own", { ...whole, minimum: -1e300, maximum: 1e300 }, bounded],
  ["has them in a list", { items: whole }, { items: bounded }],
  ["that is only tested has none", { not: whole, if: whole }, { not: whole, if: whole }],
])("a whole number %s", (_, schema, expected) => expect(withNumberBounds(schema)).toStrictEqual(expected));

it.each<JsonSchema>([{ type: "number" }, { type: ["integer", "number"] }, {}])("no bounds has %j", (schema) => {
  expect(withNumberBounds(schema)).toEqual(schema);
});
