import type { ErrorObject } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { describeErrors } from "../../../runtime/contract/violation.js";

const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));
const node: JsonSchema = { type: "object", properties: { n: { type: "integer" }, next: { $ref: "#/$defs/Node" } } };

/** What a writer and a reader that looks for every issue say. */
const said = (schema: JsonSchema, value: unknown): unknown[] =>
  [compileWriter(schema), compileReader(schema, undefined, true)].map((check) => check(value));
const both = (...issues: object[]): object[] => [issues, issues];

describe("what is wrong with a value", () => {
  it("is one demand for all forms of a choice", () => {
    const schema: JsonSchema = { anyOf: [{ type: "string" }, { type: "integer" }, { const: false }] };
    const message = "must be text or a whole number or false, got true";
    expect(said(schema, true)).toEqual(both({ path: "", message }));
    const others: JsonSchema = { anyOf: [{ type: "string", minLength: 2 }, { type: "integer" }, { type: "null" }] };
    const sentence = 'must be a whole number or null or must have at least 2 characters, got "a"';
    expect(said(others, "a")).toEqual(both({ path: "", message: sentence }));
  });

  it("is told beside a choice where it is about other properties", () => {
    const form = (name: string): JsonSchema => ({ type: "object", required: [name] });
    const schema: JsonSchema = { type: "object", properties: { a: {}, b: {} }, anyOf: [form("a"), form("b")] };
    expect(compileWriter(schema)({ x: 1 })).toContainEqual({ path: "x", message: "is not in the contract" });
    const more = compileWriter({ ...schema, properties: { c: {} }, required: ["c"] })({});
    expect(more).toContainEqual({ path: "c", message: "is required" });
  });

  it("is what a list has to hold, and nothing of its items", () => {
    const schema: JsonSchema = { type: "array", contains: { type: "object", required: ["a"] } };
    const message = 'must hold at least 1 item that "contains" describes, got a list';
    expect(said(schema, [1, {}])).toEqual(both({ path: "", message }));
    expect(compileReader(schema)([1, {}])).toEqual([{ path: "", message }]);
    const choice = 'must be text or must hold at least 1 item that "contains" describes, got a list';
    expect(compileReader({ anyOf: [schema, { type: "string" }] })([1, {}])).toEqual([{ path: "", message: choice }]);
  });

  it("is told once of what is reached by two ways", () => {
    const way: JsonSchema = { type: "object", properties: { a: { $ref: "#/$defs/Node" } } };
    const schema: JsonSchema = { type: "object", properties: { a: {} }, allOf: [way, way], $defs: { Node: node } };
    expect(said(schema, { a: { n: "x" } })).toEqual(both({ path: "a.n", message: 'must be a whole number, got "x"' }));
  });

  it("is told as a whole where all of it was only tested before", () => {
    const a: JsonSchema = { properties: { a: { $ref: "#/$defs/Node" } } };
    const schema: JsonSchema = { type: "object", properties: { a: {} }, if: a, else: { allOf: [a] } };
    const message = "must be what its schema describes";
    expect(said({ ...schema, $defs: { Node: node } }, { a: { n: "x" } })).toEqual(both({ path: "", message }));
  });

  it.each<[string, JsonSchema, unknown, object]>([
    ["null", { type: "string" }, null, { path: "", message: "must be text, got null" }],
    ["a sensitive null", { type: "string", sensitive: true }, null, { path: "", message: "must be text" }],
    ["a sensitive list", { type: "string", sensitive: true }, ["x"], { path: "", message: "must be text, got a list" }],
    [
      "a condition",
      { if: { type: "integer" }, else: false as never },
      "x",
      { path: "", message: 'is not allowed, got "x"' },
    ],
  ])("is said of %s", (_, schema, value, issue) => expect(said(schema, value)).toContainEqual([issue]));

  it("is said without the value where that lies very deep", () => {
    let value: unknown = { n: "x" };
    for (let depth = 0; depth < 100; depth++) value = { next: value };
    for (const issues of said({ ...node, $defs: { Node: node } }, value)) {
      expect(issues).toEqual([
        { path: expect.stringMatching(/^next(\.next)+.*…$/), message: "must be a whole number" },
      ]);
    }
  });

  it("is at most a hundred issues, and says so", () => {
    const schema: JsonSchema = { type: "array", items: { type: "integer" } };
    const more = { path: "", message: "has more issues than these 100" };
    const values = list(101, () => "x");
    for (const issues of said(schema, values)) expect(issues).toHaveLength(101);
    for (const issues of said(schema, values)) expect(issues).toContainEqual(more);
    for (const issues of said(schema, values.slice(1))) expect(issues).not.toContainEqual(more);
  });
});

describe("very many errors below a very long name", () => {
  it("are told in short", () => {
    const map: JsonSchema = { type: "object", additionalProperties: { type: "array", items: { type: "integer" } } };
    const issues = compileWriter(map)({ ["n".repeat(50_000)]: list(40, () => "x"), a: ["y"] });
    const path = `${"n".repeat(200)}…`;
    expect(issues).toEqual([
      { path, message: "must be a whole number" },
      { path: "a[0]", message: 'must be a whole number, got "y"' },
      { path: "", message: "has more issues than these" },
    ]);
  });

  it("are not all looked at", () => {
    let looked = 0;
    const error = (at: number): ErrorObject => ({
      ...{ keyword: "type", schemaPath: "#/type", instancePath: `/${"n".repeat(20_000)}/${at}` },
      get params() {
        looked++;
        return { type: "integer" };
      },
    });
    const lookedAt = (count: number): number => {
      looked = 0;
      describeErrors(list(count, error), {}, {});
      return looked;
    };
    expect(lookedAt(400)).toBe(lookedAt(200));
    expect(lookedAt(200)).toBeGreaterThan(0);
  });
});
