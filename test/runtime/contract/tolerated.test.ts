import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { withoutTolerated } from "../../../runtime/contract/tolerated.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";

const schema = {
  type: "object",
  properties: {
    rate: {
      anyOf: [
        { type: "string", pattern: "^[0-9.]+$" },
        { type: "number", tolerated: true },
      ],
    },
  },
  required: ["rate"],
} as const;

describe("a form that is only tolerated", () => {
  it("is read, beside the one that is written", () => {
    const issuesOf = compileReader(schema);
    expect(issuesOf({ rate: "1.08" })).toBeUndefined();
    expect(issuesOf({ rate: 1.08 })).toBeUndefined();
    expect(issuesOf({ rate: true })).toHaveLength(1);
  });

  it("is never written", () => {
    const issuesOf = compileWriter(schema);
    expect(issuesOf({ rate: "1.08" })).toBeUndefined();
    expect(issuesOf({ rate: 1.08 })).toEqual([{ path: "rate", message: "must be text, got 1.08" }]);
  });

  it("is found wherever a schema can stand, and not in data", () => {
    const forms = schema.properties.rate;
    const written = forms.anyOf[0];
    const data = { const: { tolerated: true }, examples: [forms], default: forms };
    const places = (form: object): object => ({
      properties: { anyOf: form },
      items: form,
      allOf: [form, { prefixItems: [form] }],
      $defs: { Rate: form },
      if: { not: form },
      additionalProperties: false,
    });
    expect(withoutTolerated({ ...places(forms), ...data })).toEqual({ ...places(written), ...data });
  });

  it("leaves a choice of the other forms, or the only other form as a part of its schema", () => {
    const [text, whole, old] = [{ type: "string" }, { type: "integer" }, { type: "number", tolerated: true }] as const;
    const written = (given: JsonSchema): JsonSchema => withoutTolerated(given);
    expect(written({ anyOf: [text, old, whole] })).toEqual({ anyOf: [text, whole] });
    expect(written({ ...text, anyOf: [{ ...text, maxLength: 2 }, old] })).toEqual({ ...text, maxLength: 2 });
    // Both bounds apply.
    const bounded = { ...text, maxLength: 3, anyOf: [{ ...text, maxLength: 2 }] };
    expect(written({ ...bounded, anyOf: [...bounded.anyOf, old] })).toEqual(bounded);
  });

  it("changes nothing else", () => {
    const choice = { anyOf: [{ type: "string" }] } as const;
    expect(withoutTolerated(choice)).toBe(choice);
    const others = { ...choice, allOf: [true], properties: { a: true, b: false, c: choice }, default: null };
    const given = { ...others, items: schema.properties.rate } as unknown as JsonSchema;
    expect(withoutTolerated(given)).toEqual({ ...others, items: schema.properties.rate.anyOf[0] });
  });

  it("closes no name that only it declares", () => {
    const issuesOf = compileWriter({
      anyOf: [
        { type: "object", properties: { name: { type: "string" } } },
        { type: "object", properties: { from: { type: "string" } }, tolerated: true },
      ],
    });
    expect(issuesOf({ name: "a" })).toBeUndefined();
    expect(issuesOf({ from: "a" })).toEqual([{ path: "from", message: "is not in the contract" }]);
  });
});
