import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type JsonSchema, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { type Check, compileReader, compileWriter } from "../../../runtime/contract/validation.js";

afterEach(() => vi.restoreAllMocks());

describe.each<[string, (schema: JsonSchema) => Check]>([
  ["writer", compileWriter],
  ["reader", compileReader],
])("a %s's check", (_, compile) => {
  it("compiles what says what is wrong when something is, once, and what decides when there are many values", () => {
    const compiled = vi.spyOn(Ajv2020.prototype, "compile");
    const check = compile(userCreated.schema);
    expect(check(exampleUserCreated())).toBeUndefined();
    expect(compiled).toHaveBeenCalledTimes(0);

    for (const broken of [{}, { id: 5 }, null]) expect(check(broken)).not.toBeUndefined();
    expect(compiled).toHaveBeenCalledTimes(1);

    for (let n = 0; n < 400; n++) expect(check(exampleUserCreated())).toBeUndefined();
    expect(compiled).toHaveBeenCalledTimes(2);
    expect(check({})).not.toBeUndefined();
  });

  it("says that a value is not of a type that was only tested before", () => {
    const link = { $ref: "#/$defs/Tree" };
    const Tree: JsonSchema = { type: "object", properties: { a: link, b: { type: "string" } } };
    const map: JsonSchema = { type: "object", additionalProperties: link };
    const issues = compile({ allOf: [{ type: "object", not: map }, map], $defs: { Tree } })({ a: [] });
    expect(issues).toEqual([{ path: "a", message: 'must be what "$ref" demands, got a list' }]);
  });

  it.each(["constructor", "toString", "__proto__"])("does not find a declared %s where there is none", (name) => {
    const schema: JsonSchema = { type: "object", properties: Object.fromEntries([[name, {}]]), required: [name] };
    expect(compile(schema)({})).toEqual([{ path: name, message: "is required" }]);
    const optional: JsonSchema = { type: "object", properties: Object.fromEntries([[name, { type: "integer" }]]) };
    expect(compile(optional)({})).toBeUndefined();
  });
});

it("a writer's check takes no property from the class of what it is given", () => {
  class User {
    get email(): string {
      return "ada@example.com";
    }
  }
  const message = { ...exampleUserCreated(), after_data: new User() };
  expect(compileWriter(userCreated.schema)(message)).toEqual([{ path: "after_data.email", message: "is required" }]);
});
