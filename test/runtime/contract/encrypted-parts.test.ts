import { describe, expect, it } from "vitest";
import { EncryptedParts } from "../../../runtime/contract/encrypted-parts.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";

const secret: JsonSchema = { type: "string", encrypt: true };
const pathsIn = (schema: JsonSchema, value: object): readonly string[] | undefined =>
  EncryptedParts.of(schema)
    ?.in(value as Record<string, unknown>)
    .parts.map(({ path }) => path.join("."));

describe("the encrypted values of a message", () => {
  it.each<[string, JsonSchema, object, readonly string[]]>([
    ["properties", { properties: { a: secret, b: {} } }, { a: "1", b: "2" }, ["a"]],
    ["a map", { additionalProperties: secret }, { a: "1", b: "2" }, ["a", "b"]],
    ["a map beside properties", { properties: { a: {} }, additionalProperties: secret }, { a: "1", b: "2" }, ["b"]],
    [
      "names by their patterns",
      { patternProperties: { "^x-": secret, "-y$": {} }, additionalProperties: {} },
      { "x-1": "1", "1-y": "2", z: "3" },
      ["x-1"],
    ],
    [
      "a map beside patterns",
      { patternProperties: { "^x-": {} }, additionalProperties: secret },
      { "x-1": "1", z: "2" },
      ["z"],
    ],
    ["a list", { properties: { l: { items: secret } } }, { l: ["1", "2"] }, ["l.0", "l.1"]],
    [
      "a tuple",
      { properties: { l: { prefixItems: [secret, {}], items: secret } } },
      { l: ["1", "2", "3"] },
      ["l.0", "l.2"],
    ],
    [
      "a tuple in one layer of two",
      { properties: { l: { items: {}, allOf: [{ prefixItems: [{}, secret] }] } } },
      { l: ["1", "2", "3"] },
      ["l.1"],
    ],
    [
      "a choice, whatever form there is",
      { properties: { a: { anyOf: [{ type: "null" }, secret] } } },
      { a: null },
      ["a"],
    ],
    ["a text where an object should be", { properties: { a: { properties: { b: secret } } } }, { a: "text" }, []],
    ["null where an object may be", { properties: { a: { properties: { b: secret } } } }, { a: null }, []],
    ["what is absent", { properties: { a: secret, b: secret } }, { a: undefined }, []],
  ])("are found: %s", (_, schema, value, paths) => {
    expect(pathsIn(schema, value)).toEqual(paths);
    const { message } = EncryptedParts.of(schema)?.in(value as Record<string, unknown>) ?? {};
    expect(message).toStrictEqual(value);
  });

  it("are replaced in a copy", () => {
    const message = { a: { b: "plain" }, c: [1] };
    const { message: copy, parts } =
      EncryptedParts.of({ properties: { a: { properties: { b: secret } } } })?.in(message) ?? {};
    for (const part of parts ?? []) part.value = `sealed ${part.value}`;
    expect(copy).toEqual({ a: { b: "sealed plain" }, c: [1] });
    expect(message).toEqual({ a: { b: "plain" }, c: [1] });
  });

  it("belong to a person, unless they are of a result", () => {
    const name = { ...secret, subject: ["user:a", "b"] };
    const schema: JsonSchema = { properties: { a: { properties: { name } }, b: secret } };
    const subjects = (hasSubjects?: boolean): unknown =>
      EncryptedParts.of(schema, hasSubjects)
        ?.in({ a: { name: "1" }, b: "2" })
        .parts.map(({ encrypt, subject }) => [encrypt, subject]);
    expect(subjects()).toEqual([
      [true, ["user:a", "b"]],
      [true, undefined],
    ]);
    expect(subjects(false)).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
  });

  it.each<[string, JsonSchema]>([
    ["nothing is marked", { properties: { a: { type: "string" } } }],
    ["only what nothing refers to is", { properties: { a: { type: "string" } }, $defs: { Secret: secret } }],
  ])("are none where %s", (_, schema) => expect(EncryptedParts.of(schema)).toBeUndefined());
});
