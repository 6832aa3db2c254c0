import { describe, expect, it } from "vitest";
import {
  CIPHERTEXT,
  ERASED_TEXT,
  erasableForm,
  hasSubject,
  plainForm,
  wireForm,
} from "../../../runtime/contract/encrypt.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { compileReader } from "../../../runtime/contract/validation.js";

const ciphertext = `e1.main.${"A".repeat(38)}`;
const accepts = (schema: JsonSchema, value: unknown): boolean => compileReader(schema)(value) === undefined;
const of = (name: JsonSchema): JsonSchema => ({ type: "object", properties: { name }, required: ["name"] });

describe("on the wire, a value that is encrypted", () => {
  it("is a text with the pattern of a ciphertext, which is not shown and keeps its notes", () => {
    const name = { type: "string", maxLength: 9, encrypt: true, description: "A name.", deprecated: true } as const;
    const expected = { description: "A name.", deprecated: true, sensitive: true, type: "string", pattern: CIPHERTEXT };
    expect(wireForm(of(name)).properties).toStrictEqual({ name: expected });
    const bare = { sensitive: true, type: "string", pattern: CIPHERTEXT };
    expect(wireForm(of({ type: "integer", encrypt: true })).properties).toStrictEqual({ name: bare });
  });

  it.each([[true], ["read"], ["write"]] as const)("may be plain during a migration: %s", (encrypt) => {
    const schema = wireForm(of({ type: "string", maxLength: 9, encrypt }));
    expect(accepts(schema, { name: ciphertext })).toBe(true);
    expect(accepts(schema, { name: "Ada" })).toBe(encrypt !== true);
    expect(accepts(schema, { name: "Ada Lovelace" })).toBe(false);
  });

  it("is a ciphertext also where a reference says so", () => {
    const $defs = { Secret: { type: "string", encrypt: true } } as const;
    const schema = wireForm({ ...of({ $ref: "#/$defs/Secret" }), $defs });
    expect(accepts(schema, { name: ciphertext })).toBe(true);
    expect(accepts(schema, { name: "Ada" })).toBe(false);
  });

  it("tells no forms apart, of which the others still exclude each other", () => {
    const forms = (encrypt: true | undefined): JsonSchema => ({
      type: "object",
      properties: {
        a: { oneOf: [of({ const: "x", ...(encrypt && { encrypt }) }), of({ const: "y" }), { type: "null" }] },
        b: { oneOf: [{ type: "integer" }, { type: "number" }] },
      },
    });
    const schema = wireForm(forms(true));
    expect(accepts(schema, { a: { name: ciphertext } })).toBe(true);
    expect(accepts(schema, { a: { name: "y" } })).toBe(true);
    expect(accepts(schema, { a: { name: "x" } })).toBe(false);
    expect(accepts(schema, { a: 1 })).toBe(false);
    expect(accepts(schema, { b: 1.5 })).toBe(true);
    expect(accepts(schema, { b: 1 })).toBe(false);
    expect(wireForm(forms(undefined))).toEqual(forms(undefined));
  });

  it("may be in two forms at once, and keeps the layers beside them", () => {
    const choice: JsonSchema = {
      type: "object",
      oneOf: [of({ const: 1, encrypt: true }), of({ const: 2, encrypt: true })],
    };
    const layered = { ...choice, allOf: [{ type: "object", required: ["size"] }] };
    for (const schema of [choice, layered]) {
      expect(accepts(wireForm(schema), { name: ciphertext, size: 1 })).toBe(true);
      expect(accepts(wireForm(schema), { name: 1, size: 1 })).toBe(false);
      expect(accepts(wireForm(schema), { name: ciphertext })).toBe(schema === choice);
    }
  });
});

describe("a schema that encrypts nothing", () => {
  const schema = { ...of({ type: "string" }), oneOf: [{ type: "object" }] } as const;

  it.each([wireForm, plainForm, erasableForm])("is its own form: %o", (form) => expect(form(schema)).toBe(schema));
});

it("the plain form of a schema says nothing of encryption", () => {
  const schema = of({ type: "string", maxLength: 9, sensitive: true, encrypt: true, subject: "entity_id" });
  expect(plainForm(schema)).toStrictEqual(of({ type: "string", maxLength: 9, sensitive: true }));
});

it("what may be erased is its value, or the text for what was erased, and nothing else", () => {
  const schema = erasableForm(of({ type: "string", maxLength: 3, encrypt: true }));
  expect(["Ada", ERASED_TEXT, "erased", ciphertext].map((name) => accepts(schema, { name }))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

it("values are encrypted for a person where a subject stands beside the mark", () => {
  expect(hasSubject(of({ type: "string", encrypt: true, subject: "entity_id" }))).toBe(true);
  expect(hasSubject(of({ type: "string", encrypt: "write", subject: ["user:a", "b"] }))).toBe(true);
  expect(hasSubject(of({ type: "string", encrypt: true }))).toBe(false);
  expect(hasSubject(of({ type: "string", subject: "entity_id" }))).toBe(false);
});
