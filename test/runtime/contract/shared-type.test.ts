import { expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { hasSharedType } from "../../../runtime/contract/shared-type.js";

const [node, leaf, outer] = ["Node", "Leaf", "Outer"].map((name): JsonSchema => ({ $ref: `#/$defs/${name}` })) as [
  ...[JsonSchema, JsonSchema, JsonSchema],
];
const $defs: Readonly<Record<string, JsonSchema>> = {
  Node: { type: "object", properties: { text: { type: "string" } } },
  Leaf: { type: "string", minLength: 1 },
  Outer: { type: "object", properties: { node } },
};
const at = (a: JsonSchema): JsonSchema => ({ properties: { a } });

it.each<[string, JsonSchema]>([
  ["by two forms", { anyOf: [at(node), at(node)] }],
  ["by two layers", { allOf: [at(node), at(node)] }],
  ["by a form and beside it", { ...at(node), oneOf: [at(node)] }],
  ["by a condition and what follows", { if: at(node), else: at(node) }],
  ["by another type", { anyOf: [at(node), at(outer)] }],
  ["by two patterns", { patternProperties: { "^a": node, b$: node } }],
  ["by two dependencies", { dependentSchemas: { a: at(node), b: at(node) } }],
  ["by items and what a list contains", { items: node, contains: node }],
  ["further inside", { properties: { list: { items: { anyOf: [at(node), at(node)] } } } }],
])("a value may reach one type by two ways: %s", (_, schema) => {
  expect(hasSharedType({ ...schema, $defs })).toBe(true);
});

it.each<[string, JsonSchema]>([
  ["two properties have one type", { properties: { a: node, b: node } }],
  ["two forms have different types", { anyOf: [at(node), at(leaf)] }],
  ["the type holds nothing", { anyOf: [at(leaf), at(leaf)] }],
  ["there is one form", { anyOf: [at(node)] }],
])("it does not where %s", (_, schema) => expect(hasSharedType({ ...schema, $defs })).toBe(false));

it("of hundreds of types it is taken for granted", () => {
  const types = (count: number): Readonly<Record<string, JsonSchema>> =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`T${n}`, { type: "string" }] as const));
  expect(hasSharedType({ $defs: types(300) })).toBe(false);
  expect(hasSharedType({ $defs: types(301) })).toBe(true);
});
