import { describe, expect, it } from "vitest";
import { nameOf, namesIn, refTo } from "../../../codegen/schema/definition-ref.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import {
  childrenOf,
  everyWithin,
  isObject,
  mapChildren,
  mapEach,
  walk,
  withReferences,
} from "../../../codegen/schema/walk.js";

const schema = {
  type: "object",
  description: "Not a schema.",
  properties: { a: { title: "a" }, b: { title: "b", items: { title: "item", $ref: "#/$defs/Item" } } },
  additionalProperties: { title: "other" },
  not: { title: "not", $ref: "#/$defs/Not" },
  anyOf: [{ title: "first" }, { title: "second" }],
  const: { title: "a value" },
  enum: [{ title: "a value" }],
  default: { not: { title: "a value" } },
  dependentRequired: { a: ["b"] },
} as const satisfies Schema;

const places = [
  ["/properties/a", "a"],
  ["/properties/b", "b"],
  ["/additionalProperties", "other"],
  ["/not", "not"],
  ["/anyOf/0", "first"],
  ["/anyOf/1", "second"],
];

describe("the schemas in a schema", () => {
  it("are found where a keyword holds schemas, and in no value", () => {
    expect(childrenOf(schema).map(([path, { title }]) => [`/${path.join("/")}`, title])).toEqual(places);
  });

  it("are not looked for where something else stands", () => {
    const broken = { not: true, properties: ["x"], anyOf: { a: {} }, allOf: [{}, false, null], items: [{}] };
    expect(childrenOf(broken as unknown as Schema)).toEqual([[["allOf", "0"], {}]]);
  });

  it("are walked with those in them, outermost first", () => {
    const all = [
      ["/at", undefined],
      ["/at/properties/a", "a"],
      ["/at/properties/b", "b"],
      ["/at/properties/b/items", "item"],
      ...places.slice(2).map(([path, title]) => [`/at${path}`, title]),
    ];
    expect(walk(schema, ["at"]).map(([path, { title }]) => [`/${path.join("/")}`, title])).toEqual(all);
    expect(walk(schema)[0]).toEqual([[], schema]);
  });

  it("are tested until one fails", () => {
    const seen: unknown[] = [];
    const until = (end: string) => (inner: Schema) => {
      seen.push(inner.title);
      return inner.title !== end;
    };
    expect(everyWithin(schema, until("nowhere"))).toBe(true);
    expect(seen).toEqual([undefined, "a", "b", "item", "other", "not", "first", "second"]);
    for (const end of ["a", "item", "not", "second"]) {
      seen.length = 0;
      expect(everyWithin(schema, until(end))).toBe(false);
      expect(seen.at(-1)).toBe(end);
    }
    expect(everyWithin(schema, () => false)).toBe(false);
  });

  it("tell what they refer to, with the places", () => {
    expect(withReferences(schema).map(([path]) => path.join("/"))).toEqual(["properties/b/items", "not"]);
    expect(withReferences(schema)).toBe(withReferences(schema));
    expect([...namesIn(schema)]).toEqual(["Item", "Not"]);
    expect(nameOf(refTo("Item"))).toBe("Item");
  });

  it("are replaced in a copy, or in none if each is replaced by itself", () => {
    expect(mapChildren(schema, (child) => child)).toBe(schema);
    const replaced = mapChildren(schema, ({ title = "" }) => ({ title: `new ${title}` }));
    expect(replaced).toEqual({
      ...schema,
      properties: { a: { title: "new a" }, b: { title: "new b" } },
      additionalProperties: { title: "new other" },
      not: { title: "new not" },
      anyOf: [{ title: "new first" }, { title: "new second" }],
    });
    expect(mapChildren({ items: false } as unknown as Schema, () => ({}))).toEqual({ items: false });
    expect(schema.properties.a.title).toBe("a");
  });
});

it("the values of an object are replaced, and all others stay", () => {
  const values = { a: 1, b: 2 };
  expect(mapEach(values, (value) => value)).toBe(values);
  expect(mapEach(values, (value, key) => (key === "b" ? value + 1 : value))).toEqual({ a: 1, b: 3 });
  expect(mapEach(values, (value) => -value)).toEqual({ a: -1, b: -2 });
  expect(values).toEqual({ a: 1, b: 2 });
});

it.each([
  [{}, true],
  [[], false],
  [null, false],
  ["text", false],
  [undefined, false],
])("a JSON object is one: %j", (value, verdict) => {
  expect(isObject(value)).toBe(verdict);
});
