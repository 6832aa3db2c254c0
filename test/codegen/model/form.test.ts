import { expect, it } from "vitest";
import { generated, sound } from "../catalogue.js";

/** The TypeScript of a type that is a layer over another. */
async function typeOf(base: object, child: object): Promise<string | undefined> {
  const $defs = {
    Base: base,
    Named: {
      type: "object",
      properties: { a: { type: "string" }, next: { oneOf: [{ $ref: "#/$defs/Named" }, none] } },
    },
    Both: { allOf: [{ $ref: "#/$defs/Base" }, child] },
  };
  const files = await generated({ ...sound, "types/t.json": { $defs } });
  return /export (?:type|interface) Both (?:= )?([\s\S]*?)(?:;\n\n|\n\}\n)/.exec(`${files.get("types/t.ts")}\n`)?.[1];
}

const none = { type: "null" };
const text = { type: "string" };
const named = { $ref: "#/$defs/Named" };

it("is the only form of a choice that the type beside it leaves", async () => {
  expect(await typeOf({ oneOf: [named, none] }, none)).toBe("null");
  expect(await typeOf({ anyOf: [text, none] }, { ...text, description: "Never null." })).toBe("string");
  expect(await typeOf({ oneOf: [named, none] }, { type: "object" })).toBe("Named");
});

it("is one of the forms that the type beside it leaves", async () => {
  const base = { anyOf: [text, none, { type: "boolean" }] };
  expect(await typeOf(base, { type: ["string", "boolean"] })).toBe("string | boolean");
});

it("has the names of a form and of the layer, also if the form leads back to itself", async () => {
  const layer = { type: "object", properties: { b: text, next: { type: "object", properties: { c: text } } } };
  const printed = await typeOf({ oneOf: [named, none] }, layer);
  expect(printed).toMatch(/a\?: string/);
  expect(printed).toMatch(/b\?: string/);
  expect(printed).toMatch(/next\?: \{[\s\S]*c\?: string[\s\S]*a\?: string/);
});
