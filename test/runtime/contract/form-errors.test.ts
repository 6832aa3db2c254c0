import { describe, expect, it } from "vitest";
import { makeNoFormErrors } from "../../../runtime/contract/form-errors.js";
import { formats } from "../../../runtime/contract/format.js";
import { ajvFor, compileReader, compileWriter } from "../../../runtime/contract/validation.js";

const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));
const forms = list(5, (at) => ({
  type: "object",
  properties: { [`a${at}`]: { type: "integer" } },
  required: [`a${at}`],
}));
const many = list(10_000, () => ({ a4: 1 }));
const few = many.slice(0, 10);

describe.each(["anyOf", "oneOf"])("of a choice by %s,", (keyword) => {
  const schema = { type: "array", items: { [keyword]: forms } };

  it("a check that decides makes no errors of the forms, and one of the choice", () => {
    const ajv = ajvFor(formats, false, { messages: false });
    makeNoFormErrors(ajv);
    const decide = ajv.compile(schema);
    expect(decide([...few, { a4: 1 }])).toBe(true);
    expect(decide([...few, {}])).toBe(false);
    const told = decide.errors?.filter((error) => Object.keys(error).length > 0);
    expect(told).toEqual([expect.objectContaining({ instancePath: "/10", keyword })]);
  });

  it.each([
    ["read", compileReader],
    ["written", compileWriter],
  ])("what is wrong with each form is told where little is %s", (_, compile) => {
    const issues = compile(schema)([...few, {}]);
    expect(issues?.map(({ path, message }) => `${path} ${message}`)).toContain("[10].a0 is required");
  });

  it.each([
    ["read", compileReader],
    ["written", compileWriter],
  ])("only the place is told after tens of thousands of forms that did not match, where much is %s", (_, compile) => {
    const check = compile(schema);
    expect(check([...many, {}])).toEqual([
      { path: "[10000]", message: "must match exactly one of its forms, got an object" },
    ]);
    // Each check is counted by itself.
    expect(check([...few, {}])?.length).toBeGreaterThan(1);
    expect(check(many)).toBeUndefined();
  });
});

it("an item that is wrong after very many others is told with its limit", () => {
  const schema = {
    type: "array",
    items: { anyOf: forms },
    contains: {},
    prefixItems: [{ type: "string", maxLength: 2 }],
  };
  const late = { type: "object", properties: { list: schema, text: { type: "string", minLength: 3 } } };
  expect(compileReader(late)({ list: ["a", ...many], text: "ab" })).toEqual([
    { path: "text", message: 'must have at least 3 characters, got "ab"' },
  ]);
});

it("a name that is not allowed is told after very many forms that did not match", () => {
  const properties = {
    list: { type: "array", items: { anyOf: forms } },
    names: { type: "object", propertyNames: { maxLength: 2 }, additionalProperties: true },
  };
  const check = compileReader({ type: "object", properties });
  expect(check({ list: many, names: { abc: 1 } })).toEqual([
    { path: "names.abc", message: "has a name that must have at most 2 characters" },
  ]);
});

it("a value that is nested too deeply is told so also after very many forms that did not match", () => {
  const names = list(100, (at) => `b${at}`);
  const check = compileReader(
    {
      type: "object",
      // Without compiled checks this is looked at first; compiled, it comes last.
      properties: { text: { type: "string" } },
      allOf: [
        { properties: { list: { type: "array", items: { anyOf: [{ required: names }, { type: "object" }] } } } },
        { properties: { tree: { $ref: "#/$defs/tree" } } },
      ],
      $defs: { tree: { type: "object", properties: { child: { $ref: "#/$defs/tree" } } } },
    },
    undefined,
    true,
  );
  const deep = JSON.parse(`${'{"child":'.repeat(100_000)}{}${"}".repeat(100_000)}`) as unknown;
  expect(check({ text: 1, list: list(200, () => ({})), tree: deep })).toEqual([
    { path: "", message: "is nested too deeply" },
  ]);
});
