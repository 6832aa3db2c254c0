import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
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
  {
    name: "a list of values among as many that are allowed",
    schema: { type: "array", items: { enum: list(3000, (at) => `value-${at}`) } },
    value: (parts) => list(parts, (at) => `value-${2999 - at}`),
    parts: 300,
  },
  {
    name: "a list of objects among as many that are allowed",
    schema: { type: "array", items: { enum: list(1000, (at) => ({ at, list: [at] })) } },
    value: (parts) => list(parts, (at) => ({ list: [999 - at], at: 999 - at })),
    parts: 100,
  },
];

/** What counts for each item: where much is declared of it, few steps are to be made for it. */
const wide: readonly Pick<Shape, "name" | "schema" | "value">[] = [
  {
    name: "allowed values",
    schema: { type: "array", items: { enum: list(1000, (at) => (at % 2 === 0 ? at : { at })) } },
    value: (parts) => list(parts, (at) => (at % 2 === 0 ? 998 : { at: 999 })),
  },
  {
    name: "values that are not allowed",
    schema: { type: "array", items: { type: "integer", anyOf: [{ enum: list(1000, (at) => at) }, { minimum: 5000 }] } },
    value: (parts) => list(parts, () => 5000),
  },
  {
    name: "properties",
    schema: {
      type: "array",
      items: { type: "object", properties: Object.fromEntries(list(1000, (at) => [`p${at}`, { type: "integer" }])) },
    },
    value: (parts) => list(parts, () => ({ p999: 1 })),
  },
  {
    name: "required properties",
    schema: { type: "array", items: { not: { type: "object", required: list(1000, (at) => `p${at}`) } } },
    value: (parts) => list(parts, () => ({})),
  },
  ...["anyOf", "oneOf"].map((keyword) => ({
    name: `forms of ${keyword} that a property tells apart`,
    schema: {
      type: "array",
      items: {
        [keyword]: list(200, (at) => ({
          type: "object",
          properties: { kind: { const: `k${at}` }, a: { type: "integer" } },
          required: ["kind"],
        })),
      },
    },
    value: (parts: number) => list(parts, () => ({ kind: "k199", a: 1 })),
  })),
];

describe("for an item of a list it takes few steps", () => {
  it.each(wide)("whatever the number of $name", async ({ schema, value }) => {
    for (const compile of [compileReader, compileWriter]) {
      // Only what is compiled while steps are counted counts them all.
      const stepsFor = (items: number): Promise<number> => {
        const given = value(items);
        return stepsOf(() => {
          const check = compile(schema);
          for (let time = 0; time < 20; time++) expect(check(value(1))).toBeUndefined();
          expect(check(given)).toBeUndefined();
        });
      };
      const [few, many] = [await stepsFor(100), await stepsFor(200)];
      expect((many - few) / 100).toBeLessThan(70);
    }
  });

  it.each(wide)("and few looks at it, whatever the number of $name", ({ schema, value }) => {
    for (const compile of [compileReader, compileWriter]) {
      const check = compile(schema);
      let looks = 0;
      const look = <Result>(result: Result): Result => {
        looks++;
        return result;
      };
      const watched = (item: unknown): unknown =>
        typeof item !== "object" || item === null
          ? item
          : new Proxy(item, {
              get: (target, name) => look(Reflect.get(target, name)),
              has: (target, name) => look(Reflect.has(target, name)),
              getOwnPropertyDescriptor: (target, name) => look(Reflect.getOwnPropertyDescriptor(target, name)),
            });
      for (let time = 0; time < 20; time++) expect(check(value(1))).toBeUndefined();
      expect(check((value(100) as readonly unknown[]).map(watched))).toBeUndefined();
      expect(looks / 100).toBeLessThan(15);
    }
  });
});

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
  it("is found among the first thousands of errors", async () => {
    const names = list(15, (at) => `p${at}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: "integer" }] as const));
    const item: JsonSchema = { type: "object", properties, required: names };
    const places: readonly (readonly [JsonSchema, (size: number) => unknown])[] = [
      [{ type: "array", items: item }, (size) => list(size, () => ({}))],
      [{ type: "object", additionalProperties: item }, (size) => Object.fromEntries(list(size, (at) => [at, {}]))],
      [
        { type: "object", patternProperties: { "\\d": item } },
        (size) => Object.fromEntries(list(size, (at) => [at, {}])),
      ],
      [{ type: "object" }, (size) => Object.fromEntries(list(20 * size, (at) => [at, 1]))],
      [
        { type: "object", propertyNames: { maxLength: 1 }, additionalProperties: true },
        (size) => Object.fromEntries(list(20 * size, (at) => [`x${at}`, 1])),
      ],
    ];
    for (const [schema, value] of places) {
      const [some, many] = [value(1000), value(9000)];
      const stepsFor = (given: unknown): Promise<number> => stepsOf(() => compileWriter(schema)(given));
      const more = (await stepsFor(many)) - (await stepsFor(some));
      // It is decided by the first error, and then told by some thousands.
      expect(more).toBeLessThan(8000 * 6);
      const issues = compileWriter(schema)(many) ?? [];
      expect(issues.length).toBeLessThanOrEqual(101);
      expect(issues.at(-1)?.message).toMatch(/^has more issues than these/);
    }
  });
});
