import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { ContractError } from "../../../runtime/index.js";
import { stepsOf } from "../../codegen/growth/steps.js";

const nested = (levels: number, open: string, inner = "{}"): unknown =>
  JSON.parse(`${open.repeat(levels)}${inner}${"}".repeat(levels)}`);
const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));
const refTo = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
/** A form of a node with another one in it. */
const form = (required: string, child = refTo("Node")): JsonSchema => ({
  type: "object",
  properties: { child, [required]: { type: "integer", sensitive: true } },
  required: [required],
});
const node = (keywords: JsonSchema): JsonSchema => ({ ...refTo("Node"), $defs: { Node: keywords } });

interface Shape {
  readonly name: string;
  readonly schema: JsonSchema;
  /** A value of so many parts. */
  readonly value: (parts: number) => unknown;
  readonly parts: number;
}

const shapes: readonly Shape[] = [
  {
    name: "a node that is none of two forms, each with a node in it",
    schema: node({ oneOf: [form("a"), form("b")] }),
    value: (parts) => nested(parts, '{"child":'),
    parts: 60,
  },
  {
    name: "a node that is both of two forms, each with a node in it",
    schema: node({ oneOf: [form("a"), form("b")] }),
    value: (parts) => nested(parts, '{"a":1,"b":1,"child":', '{"a":1}'),
    parts: 60,
  },
  {
    name: "a node that is described by layers, a condition and a dependency",
    schema: node({
      allOf: [form("a"), { if: form("b"), else: { properties: { child: refTo("Node") } } }],
      dependentSchemas: { child: { properties: { child: refTo("Node") } } },
    }),
    value: (parts) => nested(parts, '{"a":1,"child":', '{"a":"x"}'),
    parts: 4,
  },
  {
    name: "a node whose name matches several patterns",
    schema: node({ type: "object", patternProperties: { "^c": refTo("Node"), d$: refTo("Node"), x: refTo("Node") } }),
    value: (parts) => nested(parts, '{"child":', '{"x":1}'),
    parts: 4,
  },
  {
    name: "types that lead to each other by two ways, and not in a ring",
    schema: {
      ...refTo("L0"),
      $defs: Object.fromEntries(
        list(40, (level) => {
          const next = level === 39 ? { type: "string" } : refTo(`L${level + 1}`);
          return [`L${level}`, { anyOf: [form("a", next), form("b", next)] }];
        }),
      ),
    },
    value: (parts) => nested(parts, '{"child":'),
    parts: 4,
  },
  {
    name: "a list of items that are none of two forms",
    schema: { type: "array", items: { oneOf: [{ type: "integer" }, { type: "boolean" }] } },
    value: (parts) => list(parts, () => "x"),
    parts: 300,
  },
  {
    name: "a list of wrong items",
    schema: { type: "array", items: { type: "object", properties: { a: { type: "string" } }, required: ["b"] } },
    value: (parts) => list(parts, (a) => ({ a })),
    parts: 300,
  },
  {
    name: "a list of objects without equals",
    schema: { type: "array", uniqueItems: true, items: { type: "object", additionalProperties: true } },
    value: (parts) => list(parts, (at) => ({ at, more: [at] })),
    parts: 300,
  },
];

describe("to check", () => {
  it.each(shapes)("$name takes steps in proportion to the value", async ({ schema, value, parts }) => {
    const checks = [compileWriter(schema), compileReader(schema)];
    const check = (each: unknown): unknown => checks.map((issuesOf) => issuesOf(each));
    const values = [1, 2, 3].map((times) => value(times * parts));
    check(values[0]);
    const counts: number[] = [];
    for (const each of values) counts.push(await stepsOf(() => check(each)));
    const [first = 0, second = 0, third = 0] = counts;
    expect(second).toBeGreaterThan(first);
    // What is added last costs about as much as what is added first. If steps grew with the square, it would be 5 : 3.
    expect((third - second) / (second - first)).toBeLessThan(1.2);
  });
});

describe("what is said of a message", () => {
  it("is bounded, whatever is wrong with it", () => {
    const long = "x".repeat(100_000);
    const schema: JsonSchema = { enum: list(1000, (at) => `${at}`) };
    const value = Object.fromEntries(list(200, (at) => [`${at}${long.slice(0, 1000)}`, long]));
    const issues = compileWriter({ type: "object", additionalProperties: schema })(value) ?? [];
    expect(issues).toHaveLength(101);
    expect(issues.at(-1)).toEqual({ path: "", message: "has more issues than these 100" });
    for (const { path, message } of issues) expect(path.length + message.length).toBeLessThan(1000);
    expect(new ContractError("stored", issues).message.length).toBeLessThan(20_000);
    expect(new ContractError("stored", issues).message).toMatch(/; 81 more$/);
  });

  it("is at least one thing, where a type refuses a value by a second way only", () => {
    const $defs = { Node: { type: "object", properties: { a: refTo("Node"), n: { type: "integer" } } } } as const;
    const schema: JsonSchema = { if: refTo("Node"), else: { allOf: [refTo("Node")] }, $defs };
    for (const compile of [compileWriter, compileReader]) {
      expect(compile(schema)({ a: { n: "x" } })).toHaveLength(1);
      expect(compile(schema)({ a: { n: 1 } })).toBeUndefined();
    }
  });
});

describe("a list without equals", () => {
  const check = compileReader({ type: "array", uniqueItems: true });

  it.each([
    [[1, "1", true, "true", null, "null", "[]", [], {}, "{}", [1], ["1"], [[1]]]],
    [[{ a: 1, b: [2] }, { a: 1, b: [3] }, { a: 1 }, { b: [2] }]],
    [['"a', '"a"', "a"]],
  ])("is %j", (items) => expect(check(items)).toBeUndefined());

  it.each([
    [[1, 2, 1]],
    [[null, null]],
    [
      [
        { a: 1, b: { c: 2, d: 3 } },
        { b: { d: 3, c: 2 }, a: 1 },
      ],
    ],
    [[[{}], [{}]]],
    [[0, -0]],
  ])("is not %j", (items) => expect(check(items)).toHaveLength(1));
});
