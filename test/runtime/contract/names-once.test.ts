import { afterEach, describe, expect, it, vi } from "vitest";
import { formats } from "../../../runtime/contract/format.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { ajvFor, compileWriter } from "../../../runtime/contract/validation.js";

const schema: JsonSchema = {
  type: "object",
  propertyNames: { pattern: "^a" },
  patternProperties: { "1$": { type: "integer" } },
  additionalProperties: { type: "integer" },
};
const named = (letter: string): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`${letter}${at}`, at]));

describe("the names of a large object", () => {
  afterEach(() => vi.restoreAllMocks());

  it("are listed once in a check, also if it explains what is wrong", () => {
    const check = compileWriter(schema);
    // What explains is compiled.
    expect(check(named("b"))).toHaveLength(101);
    const given = named("b");
    const keys = vi.spyOn(Object, "keys");
    check(given);
    expect(keys.mock.calls.filter(([value]) => value === given)).toHaveLength(1);
  });

  it("are listed anew in the next check, since the object may have changed", () => {
    const check = compileWriter(schema);
    const given = named("a");
    expect(check(given)).toBeUndefined();
    given["b"] = 1;
    expect(check(given)).toContainEqual({ path: "b", message: expect.stringContaining("has a name that must match") });
    delete given["b"];
    given["a7"] = "x";
    expect(check(given)).toEqual([{ path: "a7", message: 'must be a whole number, got "x"' }]);
  });

  it("are not kept where a check is compiled by itself", () => {
    const accepts = ajvFor(formats, false).compile(schema);
    const given = named("a");
    expect(accepts(given)).toBe(true);
    given["b"] = 1;
    expect(accepts(given)).toBe(false);
  });
});
