import { expect, it } from "vitest";
import type { Schema } from "../../../codegen/schema/schema.js";
import { Placeholders } from "../../../codegen/typescript/placeholder.js";
import { layOutType } from "../../../codegen/typescript/type-layout.js";
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

it("any other union with null is split", async () => {
  const none = { type: "null" };
  expect(await linesOf({ enum: [word(115), null] })).toEqual(["", `  | "${word(115)}"`, "  | null"]);
  expect(await linesOf({ anyOf: [objectOf({ a: text }), text, none] })).toEqual([
    ...["", "  | {", "      a?: string;", "    }", "  | string", "  | null"],
  ]);
});

it("a union within a form of another is not split", async () => {
  const choice = { enum: [word(40), word(41)] };
  const literals = `"${word(40)}" | "${word(41)}"`;
  const forms = [
    { type: "object", additionalProperties: choice },
    { type: "array", prefixItems: [choice], minItems: 1, items: false },
    { type: "array", items: objectOf({ b: { ...text, description: "One | other, {( [<" } }) },
  ];
  expect(await linesOf(objectOf({ a: { anyOf: forms } }))).toEqual([
    "{",
    "  a?:",
    `    | Record<string, ${literals}>`,
    `    | [(${literals})]`,
    ...["    | {", "        /** One | other, {( [< */", "        b?: string;", "      }[];", "}"],
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

it("a type may hold any number of names and places", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `name_${at}`);
  expect(
    await linesOf({ type: "array", items: objectOf(Object.fromEntries(names.map((name) => [name, text]))) }),
  ).toEqual(["{", ...names.map((name) => `  ${name}?: string;`), "}[]"]);
  const places = { type: "array", prefixItems: names.map(() => text), minItems: 12, items: false };
  expect(await linesOf({ type: "array", items: objectOf({ a: places }) })).toEqual([
    ...["{", `  a?: [${names.map(() => "string").join(", ")}];`, "}[]"],
  ]);
});

it("what nobody has seen the printer print is refused with the place", () => {
  const place = { placeholders: new Placeholders(), column: 0, indent: 0, inInterface: false };
  expect(() => layOutType(`{\n${word(10)}!${word(90)}`, place)).toThrow(
    `Cannot lay out this output of json-schema-to-typescript: ${word(10)}!${word(69)}`,
  );
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
