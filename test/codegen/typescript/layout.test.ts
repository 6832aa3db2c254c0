import { expect, it } from "vitest";
import type { Schema } from "../../../codegen/schema/schema.js";
import { TypePrinter } from "../../../codegen/typescript/type-printer.js";

const text = { type: "string" };
const objectOf = (properties: object): object => ({ type: "object", properties });
const word = (length: number): string => "x".repeat(length);

/** The lines of a schema's type that starts at a column. */
async function linesOf(schema: object, column = 0): Promise<readonly string[]> {
  const printer = await TypePrinter.of([schema as Schema]);
  return printer.textOf(schema as Schema, column).text.split("\n");
}

it("a union stays on its line if it fits with a semicolon, and else has one form a line", async () => {
  const [one, other, longer] = [word(60), word(52), word(53)];
  expect(await linesOf({ enum: [one, other] })).toEqual([`"${one}" | "${other}"`]);
  expect(await linesOf({ enum: [one, longer] })).toEqual(["", `  | "${one}"`, `  | "${longer}"`]);
  expect(await linesOf({ enum: [one, other] }, 1)).toEqual(["", `  | "${one}"`, `  | "${other}"`]);
});

it("what is no union stays on its line however long it is", async () => {
  expect(await linesOf({ const: word(130) })).toEqual([`"${word(130)}"`]);
});

it("a union with an object has one form a line, also if it were short", async () => {
  expect(await linesOf({ anyOf: [objectOf({ a: text }), text] })).toEqual([
    ...["", "  | {", "      a?: string;", "    }"],
    "  | string",
  ]);
});

it("a nullable object is not split, since what may be null fits behind its brace", async () => {
  expect(await linesOf({ anyOf: [objectOf({ a: text }), { type: "null" }] })).toEqual([
    "{",
    "  a?: string;",
    "} | null",
  ]);
});

it("a union behind a property starts on the next line, and is indented below it", async () => {
  const choice = { anyOf: [{ const: "x" }, { type: "array", items: objectOf({ b: text }) }] };
  expect(await linesOf(objectOf({ key: choice }))).toEqual([
    "{",
    "  key?:",
    '    | "x"',
    "    | {",
    "        b?: string;",
    "      }[];",
    "}",
  ]);
});

it("a map whose value has a comment or more than one line shows its index", async () => {
  const map = (values: object): object => ({ type: "object", additionalProperties: values });
  expect(await linesOf(objectOf({ a: map({ ...text, description: "A note." }) }))).toEqual([
    ...["{", "  a?: {", "    /** A note. */", "    [key: string]: string;", "  };", "}"],
  ]);
  expect(await linesOf(objectOf({ a: map(objectOf({ b: text })) }))).toEqual([
    ...["{", "  a?: {", "    [key: string]: {", "      b?: string;", "    };", "  };", "}"],
  ]);
  expect(await linesOf(objectOf({ a: map(map(text)) }))).toEqual([
    "{",
    "  a?: Record<string, Record<string, string>>;",
    "}",
  ]);
});

it("a comment within a type keeps its paragraphs, and says nothing of the length of a tuple", async () => {
  const pair = { type: "array", description: "A.\n\nB.", prefixItems: [text], minItems: 1, items: false };
  expect(await linesOf({ type: "array", items: objectOf({ pair }) })).toEqual([
    ...["{", "  /**", "   * A.", "   *", "   * B.", "   */", "  pair?: [string];", "}[]"],
  ]);
});

it("a text is never taken for a part of the type that it stands in", async () => {
  const texts = ["(a", 'b" | "', "/* c", "{d", "\\"];
  const [choice, list] = [{ enum: texts }, { type: "array", items: { enum: texts } }];
  const literals = texts.map((one) => JSON.stringify(one)).join(" | ");
  expect(await linesOf(choice)).toEqual([literals]);
  expect(await linesOf(list)).toEqual([`(${literals})[]`]);
  expect(await linesOf({ anyOf: [list, choice] })).toEqual([`(${literals})[] | (${literals})`]);
  const [one, other] = [`${word(60)}|`, `|${word(60)}`];
  expect(await linesOf({ enum: [one, other] })).toEqual(["", `  | "${one}"`, `  | "${other}"`]);
});
