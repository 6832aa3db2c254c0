import { expect, it } from "vitest";
import type { Schema } from "../../../codegen/schema/schema.js";
import { TypePrinter } from "../../../codegen/typescript/type-printer.js";

const text: Schema = { type: "string" };
const list: Schema = { type: "array", items: text };
const named = { $ref: "#/$defs/Named" };
const other = { $ref: "#/$defs/Other" };

it("prints each distinct shape once, whatever texts stand in it", async () => {
  const coloured = (...colours: readonly string[]): Schema => ({ enum: colours });
  const printer = await TypePrinter.of([coloured("red", "blue"), coloured("green", "grey"), list, { ...list }]);
  expect(printer.printed.size).toBe(2);
  expect(printer.textOf(coloured("red", "blue")).text).toBe('"red" | "blue"');
});

it("takes what was printed before from there", async () => {
  const first = await TypePrinter.of([list]);
  const [key = ""] = first.printed.keys();
  const second = await TypePrinter.of([list, text], new Map([[key, "Remembered[]"]]));
  expect(second.textOf(list).text).toBe("Remembered[]");
  expect(second.textOf(text).text).toBe("string");
  expect(second.printed.size).toBe(2);
});

it("refuses a schema whose shape it was not created for", async () => {
  const printer = await TypePrinter.of([text]);
  expect(() => printer.textOf(list)).toThrow("The printer was not created for this shape: ");
});

it("names the types that a type refers to, but none of what only tests a value", async () => {
  const object: Schema = {
    type: "object",
    properties: { a: named, b: { type: "object", properties: { c: { type: "array", items: other } } } },
  };
  const tested = { type: "string", not: named } as const;
  const person = { ...named, subject: "entity_id" };
  const printer = await TypePrinter.of([object, tested, person, text]);
  const namesIn = (schema: Schema): readonly string[] => [...printer.namesIn(schema)];
  expect(namesIn(object)).toEqual(["Named", "Other"]);
  expect(namesIn(tested)).toEqual([]);
  expect(namesIn(text)).toEqual([]);
  expect(namesIn(person)).toEqual(["Named", "Erased"]);
});

it("prints a property as it stands: with its comment, indented, optional unless it is required", async () => {
  const inner: Schema = { type: "object", properties: { c: { ...text, description: "Text." } }, required: ["c"] };
  const outer: Schema = { type: "object", properties: { a: inner, b: inner, "d-e": text }, required: ["a"] };
  const deeper: Schema = { type: "object", properties: { f: outer } };
  const printer = await TypePrinter.of([outer, deeper]);
  const lines = [
    ...["{", "  a: {", "    /** Text. */", "    c: string;", "  };"],
    ...["  b?: {", "    /** Text. */", "    c: string;", "  };"],
    ...['  "d-e"?: string;', "}"],
  ];
  expect(printer.textOf(outer)).toEqual({ isInterface: true, text: lines.join("\n") });
  const [open = "", ...rest] = lines;
  const indented = [`  f?: ${open}`, ...rest.map((line) => `  ${line}`)].join("\n");
  expect(printer.textOf(deeper)).toEqual({ isInterface: true, text: `{\n${indented};\n}` });
});

it.each<[string, Schema]>([
  ["may have other names", { additionalProperties: true }],
  ["requires a name that it does not declare", { required: ["z"] }],
  ["is a choice", { anyOf: [{ type: "object", properties: { b: text } }] }],
  ["belongs to a person", { subject: "entity_id" }],
])("prints an object as more than its properties if it %s", async (_, further) => {
  const object: Schema = { type: "object", properties: { a: text } };
  const printer = await TypePrinter.of([object, { ...object, ...further }]);
  expect(printer.printed.size).toBe(2);
});
