import { describe, expect, it } from "vitest";
import { problemsOf, sound } from "../catalogue.js";

/** The problems of a type, each as its place and its sentence. */
async function problemsOfType(schema: object): Promise<readonly string[]> {
  const problems = await problemsOf({ ...sound, "types/a.json": schema });
  return problems.map((problem) => problem.replace(/^schemas\/types\/a\.json:\d+:\d+ /, ""));
}

const object = { type: "object" };
const a = { properties: { a: {} } };

describe("a required property that no schema of its value declares", () => {
  it.each<[string, object, readonly string[]]>([
    [
      "in one form of a choice",
      {
        ...object,
        ...a,
        anyOf: [{ required: ["a"] }, { properties: { b: {} }, required: ["b"] }, { required: ["bcd"] }],
      },
      ['/anyOf/2/required/0: "bcd" is required but not declared'],
    ],
    [
      "in a property",
      { ...object, properties: { a: { ...object, required: ["a"], properties: { c: {} } } } },
      ['/properties/a/required/0: "a" is required but not declared (did you mean "c"?)'],
    ],
    [
      "beside others that are required",
      { ...object, properties: { name: {}, nome: {} }, required: ["name", "nme", "nome"] },
      ['/required/1: "nme" is required but not declared'],
    ],
    [
      "in a layer",
      { allOf: [{ $ref: "order.json" }, { required: ["note", "nte"] }] },
      ['/allOf/1/required/1: "nte" is required but not declared'],
    ],
    [
      "in what only tests",
      { ...object, ...a, not: { required: ["bcd"] }, dependentSchemas: { a: { required: ["a", "cde"] } } },
      [
        '/dependentSchemas/a/required/1: "cde" is required but not declared',
        '/not/required/0: "bcd" is required but not declared',
      ],
    ],
    [
      "in the items of a definition",
      { $defs: { B: { type: "array", items: { ...object, required: ["q"] } } } },
      ['/$defs/B/items/required/0: "q" is required but not declared'],
    ],
    [
      "of a closed object",
      { ...object, required: ["a"], additionalProperties: false },
      ['/required/0: "a" is required but not declared'],
    ],
    [
      "in a property of an open object",
      { ...object, additionalProperties: true, properties: { a: { ...object, required: ["b"] } } },
      ['/properties/a/required/0: "b" is required but not declared'],
    ],
  ])("is reported: %s", async (_, schema, problems) => {
    expect((await problemsOfType(schema)).toSorted()).toEqual(problems);
  });

  it.each<[string, object]>([
    ["the object is open", { ...object, additionalProperties: true, anyOf: [{ required: ["z"] }] }],
    ["a pattern may match it", { ...object, patternProperties: { "^z": {} }, anyOf: [{ required: ["z"] }] }],
    ["it is declared around the form that requires it", { ...object, ...a, anyOf: [{ required: ["a"] }] }],
    [
      "it is declared around the condition within the form",
      { ...object, ...a, anyOf: [{ properties: { b: {} }, not: { required: ["a"] } }] },
    ],
  ])("is none if %s", async (_, schema) => {
    expect(await problemsOfType(schema)).toEqual([]);
  });
});
