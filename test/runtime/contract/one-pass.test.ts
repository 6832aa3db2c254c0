import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { type Check, compileReader, compileWriter } from "../../../runtime/contract/validation.js";

/** A check that is compiled: the first values are interpreted. */
function compiled(compile: (schema: JsonSchema) => Check, schema: JsonSchema, value: unknown): Check {
  const check = compile(schema);
  for (let time = 0; time < 301; time++) check(value);
  return check;
}

describe("a check", () => {
  it.each([
    ["writer", compileWriter],
    ["reader", compileReader],
  ] as const)("lists the names of an object once for all that is said of them: %s", (_, compile) => {
    const schema: JsonSchema = {
      type: "object",
      propertyNames: { pattern: "^[a-z]" },
      patternProperties: { "^a": { type: "integer" }, "^b": { type: "string" } },
      additionalProperties: { type: "boolean" },
    };
    let listed = 0;
    const ownKeys = (target: object): (string | symbol)[] => {
      listed++;
      return Reflect.ownKeys(target);
    };
    const check = compiled(compile, schema, {});
    expect(check(new Proxy({ a: 1, b: "x", c: true }, { ownKeys }))).toBeUndefined();
    expect(listed).toBe(1);
    for (const wrong of [{ A: true }, { a: "x" }, { b: 1 }, { c: 1 }]) expect(check(wrong)).toBeDefined();
  });

  it("of a reader looks no second time at what it refuses, to say why", () => {
    const item = { type: "object", properties: { a: { type: "string", maxLength: 3 } }, required: ["a"] };
    const check = compiled(compileReader, { type: "array", items: item }, []);
    let looked = 0;
    const watched = {
      get a(): string {
        looked++;
        return "x";
      },
    };
    expect(check([watched])).toBeUndefined();
    const once = looked;
    expect(check([watched, { a: "abcd" }])).toEqual([
      { path: "[1].a", message: expect.stringContaining("at most 3 characters") },
    ]);
    expect(looked).toBe(2 * once);
  });
});
