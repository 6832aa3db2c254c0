import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { jsonSchemaFor } from "../../../runtime/contract/json-schema-target.js";

const draft7 = (schema: JsonSchema): unknown => {
  const { $schema, ...rest } = jsonSchemaFor("draft-07", schema);
  expect($schema).toBe("http://json-schema.org/draft-07/schema#");
  return rest;
};
const [text, number] = [{ type: "string" }, { type: "number" }] as const;

it("a schema for other tools is without our own keywords, and the contract's own stays as it is", () => {
  const given: JsonSchema = { type: "object", properties: { a: { ...text, sensitive: true } }, sunset: "2027-01-01" };
  const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", properties: { a: text } };
  expect(jsonSchemaFor("draft-2020-12", given)).toStrictEqual(schema);
  expect(given).toHaveProperty("properties.a.sensitive", true);
});

describe("of draft 07", () => {
  it.each<[string, JsonSchema, object]>([
    [
      "nothing, if it is the same",
      { type: "object", properties: { a: text } },
      { type: "object", properties: { a: text } },
    ],
    ["definitions", { $defs: { A: text } }, { definitions: { A: text } }],
    ["a reference alone", { items: { $ref: "#/$defs/A" } }, { items: { $ref: "#/definitions/A" } }],
    [
      "a reference beside others",
      { description: "An A.", $ref: "#/$defs/A", allOf: [text] },
      { description: "An A.", allOf: [text, { $ref: "#/definitions/A" }] },
    ],
    ["a tuple", { prefixItems: [text, number] }, { items: [text, number] }],
    ["a tuple with a rest", { prefixItems: [text], items: number }, { items: [text], additionalItems: number }],
    ["required properties", { dependentRequired: { a: ["b"] } }, { dependencies: { a: ["b"] } }],
    ["schemas", { dependentSchemas: { a: number } }, { dependencies: { a: number } }],
    [
      "both for a name",
      { dependentRequired: { a: ["b"], c: ["d"] }, dependentSchemas: { a: number } },
      { dependencies: { a: { allOf: [number, { required: ["b"] }] }, c: ["d"] } },
    ],
  ])("it has the old names: %s", (_, schema, old) => expect(draft7(schema)).toStrictEqual(old));

  it.each([{ minContains: 2 }, { maxContains: 2 }])("it is refused where that cannot say it: %j", (count) => {
    const refused = expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/ask for draft-2020-12$/),
    });
    expect(() => draft7({ contains: text, ...count })).toThrow(refused);
  });
});

it.each(["draft-04", "toString"])("a version that cannot be made is refused: %s", (target) => {
  const message = `a contract's schema is available as draft-2020-12 and draft-07, not as "${target}"`;
  expect(() => jsonSchemaFor(target, {})).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message }));
});
