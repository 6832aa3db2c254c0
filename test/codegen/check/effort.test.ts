import { describe, expect, it } from "vitest";
import { problemsOf, sound } from "../catalogue.js";

const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));
const problems = (schema: object): Promise<readonly string[]> => problemsOf({ ...sound, "types/a.json": schema });

const form = (at: number): object => ({
  type: "object",
  properties: { [`a${at}`]: { type: "integer" } },
  required: [`a${at}`],
});
const told = (at: number): object => ({ type: "object", properties: { k: { const: at } }, required: ["k"] });
const patterns = (count: number): object => ({
  type: "object",
  patternProperties: Object.fromEntries(list(count, (at) => [`^x${at}`, { type: "integer" }])),
});

const types = ["string", "integer", "number", "boolean", "null", "array", "object"];
const nested = (inner: object): object => ({
  anyOf: [
    { type: "object", properties: { a: inner } },
    { type: "array", items: { type: "string" } },
  ],
});
const twice = Object.fromEntries(
  list(40, (at) => {
    const before = at === 0 ? { type: "string" } : { $ref: `#/$defs/T${at - 1}` };
    return [`T${at}`, { type: "object", properties: { l: before, r: before } }];
  }),
);

describe("a schema that lets a message hold many small values, and says much of each,", () => {
  it("is refused, with its place and a way out", async () => {
    expect(await problems({ type: "array", items: { anyOf: list(30, form) } })).toEqual([
      expect.stringMatching(
        /^schemas\/types\/a\.json:3:3 \/items: lets a message take \d+ steps of a check for each of its bytes, and 16 are allowed; bound the list by "maxItems", or, where its items have forms, have each form require a property that is another constant in each$/,
      ),
    ]);
    expect(await problems(patterns(40))).toEqual([
      expect.stringMatching(
        /^schemas\/types\/a\.json:3:3 \/patternProperties: .*; join some of its patterns into one$/,
      ),
    ]);
  });

  it("is refused where the choice has a name, and where it lies in other choices", async () => {
    const $defs = { Any: { anyOf: list(30, form) } };
    expect(await problems({ type: "array", items: { $ref: "#/$defs/Any" }, $defs })).toHaveLength(1);
    const inner = { type: "array", items: { anyOf: list(5, form) } };
    const outer = (at: number): object => ({
      type: "object",
      properties: { [`b${at}`]: { type: "integer" }, list: inner },
      required: [`b${at}`],
    });
    expect(await problems({ type: "object", properties: { one: { anyOf: list(2, outer) } } })).toEqual([]);
    expect(await problems({ type: "object", properties: { one: { anyOf: list(15, outer) } } })).toHaveLength(1);
  });

  it.each<[string, object]>([
    ["a choice of numbers", { anyOf: list(7, (minimum) => ({ type: "integer", minimum })) }],
    ["forms of objects", { anyOf: list(15, form) }],
    ["divisors", { anyOf: list(2, (at) => ({ type: "integer", multipleOf: at + 2 })) }],
    ["values that an item must not be", { allOf: list(3, (at) => ({ not: { type: "integer", multipleOf: at + 2 } })) }],
    [
      "conditions",
      {
        allOf: list(6, (at) => ({
          if: { properties: { a: { const: at } }, required: ["a"] },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { required: ["b"] },
        })),
        type: "object",
        additionalProperties: true,
      },
    ],
  ])("is refused where each item has %s", async (_, items) => {
    expect(await problems({ type: "array", items })).toHaveLength(1);
  });

  it.each<[string, object]>([
    ["where the list is bounded", { type: "array", maxItems: 100, items: { anyOf: list(30, form) } }],
    ["where the value comes once", { type: "object", properties: { one: { anyOf: list(30, form) } } }],
    ["where a property tells the forms apart", { type: "array", items: { anyOf: list(100, told) } }],
    ["where there are few", { type: "array", items: { anyOf: list(12, form) } }],
    ["where each form is of another type", { type: "array", items: { anyOf: types.map((type) => ({ type })) } }],
    ["where choices lie in choices", list(40, () => 0).reduce<object>(nested, { type: "string" })],
    ["where types refer twice to others", { $defs: twice, $ref: "#/$defs/T39" }],
    ["where few patterns match", patterns(10)],
    ["of 500 properties", { type: "object", properties: Object.fromEntries(list(500, (at) => [`p${at}`, {}])) }],
    ["of very many values", { type: "array", items: { enum: list(1000, (at) => at) } }],
    [
      "within itself",
      {
        $defs: { Node: { type: "object", properties: { nodes: { type: "array", items: { $ref: "#/$defs/Node" } } } } },
        $ref: "#/$defs/Node",
      },
    ],
  ])("passes %s", async (_, schema) => {
    expect(await problems(schema)).toEqual([]);
  });
});
