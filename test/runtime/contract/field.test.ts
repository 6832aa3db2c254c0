import { describe, expect, it } from "vitest";
import { fieldsOf, setOwn } from "../../../runtime/contract/field.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";

const text: JsonSchema = { type: "string" };
const instant: JsonSchema = { type: "string", format: "date-time" };
const integer: JsonSchema = { type: "integer" };
const $defs: Readonly<Record<string, JsonSchema>> = {
  Text: { ...text, default: "of the type" },
  Also: { $ref: "#/$defs/Text" },
  Itself: { $ref: "#/$defs/Itself" },
};

const fieldOf = (schema: JsonSchema): ReturnType<typeof fieldsOf>["list"][number] | undefined =>
  fieldsOf({ properties: { field: schema }, $defs }).byName.get("field");

describe("a field of an entry", () => {
  it.each<[string, JsonSchema]>([
    ["text", text],
    ["text", { ...text, format: "date" }],
    ["text", { const: "x" }],
    ["text", { enum: ["a", "b"] }],
    ["text", { anyOf: [text, { ...text, format: "uuid" }] }],
    ["text", { ...text, anyOf: [integer] }],
    ["text", { $ref: "#/$defs/Also" }],
    ["instant", instant],
    ["instant", { anyOf: [instant, instant] }],
    ["number", integer],
    ["number", { type: "number" }],
    ["number", { const: 5 }],
    ["number", { enum: [1, 2.5] }],
    ["number", { anyOf: [integer, { type: "number" }] }],
    ["json", {}],
    ["json", { type: "boolean" }],
    ["json", { type: "object" }],
    ["json", { type: "array" }],
    ["json", { type: ["string", "null"] }],
    ["json", { type: ["string", "integer"] }],
    ["json", { const: true }],
    ["json", { const: null }],
    ["json", { enum: ["a", 1] }],
    ["json", { anyOf: [] }],
    ["json", { anyOf: [text, integer] }],
    ["json", { anyOf: [text, instant] }],
    ["json", { $ref: "#/$defs/Itself" }],
  ])("is written as %s: %j", (kind, schema) => {
    expect(fieldOf(schema)?.kind).toBe(kind);
  });

  it("has the default that stands beside its reference, else that of its type", () => {
    expect(fieldOf({ $ref: "#/$defs/Also" })?.default).toBe("of the type");
    expect(fieldOf({ $ref: "#/$defs/Also", default: "its own" })?.default).toBe("its own");
    expect(fieldOf(text)?.default).toBeUndefined();
  });

  it("is open if it may have other names, whatever their values", () => {
    expect(fieldOf({ additionalProperties: true })?.isOpen).toBe(true);
    expect(fieldOf({ additionalProperties: text })?.isOpen).toBe(true);
    expect(fieldOf({ additionalProperties: false })?.isOpen).toBe(false);
    expect(fieldOf({})?.isOpen).toBe(false);
  });

  it("is looked up by what it needs: constants of text are compared without case", () => {
    const properties = { at: instant, name: text, kind: { const: "event" }, version: { const: 1 } };
    const { list, constants } = fieldsOf({ properties });
    expect(list.map(({ name }) => name)).toEqual(["at", "name", "kind", "version"]);
    expect(constants.map(({ name }) => name)).toEqual(["kind"]);
    expect(fieldsOf({}).list).toEqual([]);
  });
});

it("a property is set as any other, also if it is named __proto__", () => {
  const message: Record<string, unknown> = {};
  for (const value of [1, { polluted: true }]) {
    for (const name of ["a", "__proto__"]) setOwn(message, name, value);
    expect(Object.entries(message)).toEqual([
      ["a", value],
      ["__proto__", value],
    ]);
  }
  expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
  expect(JSON.stringify(message)).toContain('"__proto__"');
});
