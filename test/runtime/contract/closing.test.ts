import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { closeSchema, compileReader, compileWriter } from "../../../runtime/contract/validation.js";

const object = (properties: Readonly<Record<string, JsonSchema>> = {}, more: JsonSchema = {}): JsonSchema => ({
  type: "object",
  properties,
  ...more,
});
const a = object({ a: {} });
const b = object({ b: {} });
/** An object with one name, in which another may not be written. */
const inner = object({ known: {} });
const known = { known: 1 };
const stray = { stray: 1 };
const never = false as unknown as JsonSchema;

/** A schema, values that may be written, and values that are read and may not be written. */
type Case = readonly [sentence: string, schema: JsonSchema, writable: readonly unknown[], stray: readonly unknown[]];

const cases: readonly Case[] = [
  ["each layer", { allOf: [a, b] }, [{ a: 1, b: 1 }], [{ a: 1, c: 1 }]],
  [
    "a reference and what stands beside it",
    { $ref: "#/$defs/A", properties: { b: {} }, $defs: { A: a } },
    [{ a: 1, b: 1 }],
    [{ a: 1, c: 1 }],
  ],
  ["a reference with a note", { $ref: "#/$defs/A", description: "An A.", $defs: { A: a } }, [{ a: 1 }], [{ b: 1 }]],
  ["a form that is a reference", { anyOf: [{ $ref: "#/$defs/A" }, b], $defs: { A: a } }, [{ a: 1, b: 1 }], [{ c: 1 }]],
  [
    "a condition and both of its branches",
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { ...object(), if: object({ a: { const: 1 } }, { required: ["a"] }), then: b, else: object({ c: {} }) },
    [{ a: 1, b: 1 }, { a: 2, c: 1 }, { b: 1 }],
    [{ a: 1, d: 1 }, { d: 1 }],
  ],
  ["what another name brings", { ...a, dependentSchemas: { a: b } }, [{ a: 1, b: 1 }], [{ a: 1, c: 1 }]],
  ["a constant", { anyOf: [a, { const: { b: { c: 1 } } }] }, [{ a: 1 }, { b: { c: 1 } }], [{ d: 1 }]],
  [
    "a value of an enum",
    { anyOf: [a, { enum: [null, [{ b: 1 }], { c: 1 }] }] },
    [{ a: 1, c: 1 }, [{ b: 1 }]],
    [{ d: 1 }],
  ],
  ["nothing about what is only a constant", { allOf: [{ enum: [{ x: 1 }, 5] }] }, [{ x: 1 }, 5], []],
  ["the pattern of a name", object({}, { patternProperties: { "^x": {} } }), [{ x1: 1 }], [{ y: 1 }]],
  [
    "one of several patterns",
    object({ a: {} }, { patternProperties: { "^x": {}, y$: inner } }),
    [{ a: 1, x1: 1, by: known, xy: known }],
    [{ c: 1 }, { by: stray }, { xy: stray }],
  ],
  [
    "a name and its pattern together",
    object({ x: inner, y: {} }, { patternProperties: { "^x": object({ more: {} }) } }),
    [{ x: { known: 1, more: 1 } }, { x2: { more: 1 } }],
    [{ x: stray }, { x2: stray }],
  ],
  [
    "a name and its pattern together, of any letters",
    object({ Ä: inner }, { patternProperties: { "^\\p{Lu}": object({ more: {} }) } }),
    [{ Ä: { known: 1, more: 1 } }],
    [{ Ä: stray }],
  ],
  [
    "only a pattern's where a name that matches it as well is declared",
    object({ Ä: inner, "Q.": {}, "R[+": inner }, { patternProperties: { "^\\p{Lu}": object({ more: {} }) } }),
    [{ X: { more: 1 }, "Q.": { more: 1 }, "R[+": { known: 1, more: 1 }, Ää: { more: 1 } }],
    [{ X: known }, { "Q.": known }, { "R[": known }, { "R[+a": known }, { Ää: known }],
  ],
  [
    "only those of the patterns that a name matches",
    object({}, { patternProperties: { "^x": inner, y: object({ more: {} }), z$: object({ third: {} }) } }),
    [{ x: known, y: { more: 1 }, z: { third: 1 }, xz: { known: 1, third: 1 }, xyz: { known: 1, more: 1, third: 1 } }],
    [{ x: { more: 1 } }, { y: known }, { yx: known }, { xz: { more: 1 } }, { xy: { third: 1 } }, { z: known }],
  ],
  [
    "what another layer has for whatever else there is, also where a pattern says nothing",
    {
      allOf: [
        { type: "object", patternProperties: { "^x": {} } },
        { type: "object", additionalProperties: { type: "object" } },
      ],
    },
    [{ x: {}, y: {} }],
    [{ x: stray }, { y: stray }],
  ],
  [
    "those of all patterns where one counts its groups",
    object({}, { patternProperties: { "^(x)\\1": inner, y: object({ more: {} }) } }),
    [{ xx: known, xxy: { known: 1, more: 1 } }],
    [{ xx: stray }, { y: stray }, { x: known }],
  ],
  [
    "those of all patterns where they are more than four",
    object({}, { patternProperties: { a: inner, b: object({ more: {} }), c: inner, d: inner, e: inner } }),
    [{ a: known, ab: { known: 1, more: 1 } }],
    [{ a: stray }, { x: known }],
  ],
  [
    "what is open by one pattern, only where that matches",
    object({}, { patternProperties: { "^x": inner, y$: { type: "object", additionalProperties: true } } }),
    [{ x: known, xy: stray, y: stray }],
    [{ x: stray }],
  ],
  [
    "two patterns together",
    object({}, { patternProperties: { "^x": inner, y$: object({ more: {} }) } }),
    [{ xy: { known: 1, more: 1 } }],
    [{ xy: stray }, { z: 1 }],
  ],
  [
    "a name, and in another layer whatever else there is",
    { allOf: [object({ y: inner }), { type: "object", additionalProperties: object({ more: {} }) }] },
    [{ y: { known: 1, more: 1 }, z: { more: 1 } }],
    [{ y: stray }, { z: stray }],
  ],
  ["names without a type", { properties: { a: {} } }, [{ a: 1 }, "text"], [{ b: 1 }]],
  ["a pattern without a type", { patternProperties: { "^a": {} } }, [{ a1: 1 }, "text"], [{ b: 1 }]],
  ["a constant that says its type", { type: "object", const: { b: { c: null } } }, [{ b: { c: null } }], []],
  ["values that say their type", { type: "object", enum: [{ b: 1 }, { c: "text" }] }, [{ b: 1 }, { c: "text" }], []],
  [
    "a constant list, beside lists of others",
    { anyOf: [{ type: "array", items: a }, { const: [{ b: "text" }, null, ["text"]] }] },
    [[{ a: 1 }], [{ b: "text" }, null, ["text"]]],
    [[{ c: 1 }]],
  ],
  [
    "a pattern, and in another layer the name",
    { allOf: [object({ x: inner }), { type: "object", patternProperties: { "^x": object({ more: {} }) } }] },
    [{ x: { known: 1, more: 1 } }],
    [{ x: stray }, { y: 1 }],
  ],
  [
    "a pattern, and in another layer whatever else there is",
    {
      allOf: [
        { type: "object", patternProperties: { "^x": object({ more: {} }) } },
        { type: "object", additionalProperties: inner },
      ],
    },
    [{ x: { known: 1, more: 1 } }, { y: known }],
    [{ x: stray }, { y: stray }],
  ],
  [
    "a pattern of any letters and the name",
    object(
      { Ä: inner, y: inner },
      { patternProperties: { "^\\p{Lu}": object({ more: {} }), "^x": object({ more: {} }) } },
    ),
    [{ Ä: { known: 1, more: 1 }, X: { more: 1 }, x: { more: 1 }, y: known }],
    [{ Ä: stray }, { x: known }, { y: { more: 1 } }],
  ],
  [
    "no name but a pattern's where patterns close the rest",
    { type: "object", patternProperties: { "^x": inner, z$: {} }, additionalProperties: object({ more: {} }) },
    [{ x: known }, { y: { more: 1 } }],
    [{ x: { more: 1 } }, { y: known }],
  ],
  [
    "every name where a form opens the object",
    { anyOf: [a, { type: "object", additionalProperties: true }] },
    [stray],
    [],
  ],
  [
    "every name of an open object, but not of what is in it",
    { allOf: [object({ a: inner }, { additionalProperties: true })] },
    [{ a: known, b: stray }],
    [{ a: stray }],
  ],
  [
    "every name of an object that is open but for a pattern",
    { allOf: [{ type: "object", patternProperties: { "^x": inner }, additionalProperties: true }] },
    [{ x: known, b: stray }],
    [{ x: stray }],
  ],
  [
    "every name where a form opens it to some values, which are closed",
    { anyOf: [object({ a: {} }, { required: ["a"] }), { type: "object", additionalProperties: inner }] },
    [{ other: known }, { a: 1, other: known }],
    [{ other: stray }],
  ],
  [
    "the names inside of a name, in each form",
    { anyOf: [object({ at: a }), object({ at: b })] },
    [{ at: { a: 1, b: 1 } }],
    [{ at: { c: 1 } }, { c: 1 }],
  ],
  ["nothing for what must not be", { ...a, not: object({ b: {} }, { required: ["b"] }) }, [{ a: 1 }], [{ c: 1 }]],
  [
    "nothing for what must not be, as the definition says it",
    { ...a, not: { $ref: "#/$defs/B" }, $defs: { B: object({ b: {} }, { required: ["b"] }) } },
    [{ a: 1 }],
    [{ c: 1 }],
  ],
  [
    "the items",
    { anyOf: [{ type: "array", items: inner }, { type: "null" }] },
    [[known], null],
    [[stray], [known, stray]],
  ],
  [
    "the places of a tuple, and the items behind them",
    { allOf: [{ type: "array", prefixItems: [a, {}], items: inner }] },
    [[{ a: 1 }, stray, known]],
    [[stray], [{ a: 1 }, stray, stray]],
  ],
  [
    "the items behind a tuple of texts or anything",
    { anyOf: [{ type: "array", prefixItems: [{}], items: inner }, { type: "null" }] },
    [[stray, known], null],
    [[stray, stray]],
  ],
  [
    "a longer tuple in another form",
    {
      anyOf: [
        { type: "array", prefixItems: [a] },
        { type: "array", prefixItems: [b, a], items: b },
      ],
    },
    [[{ a: 1, b: 1 }, { a: 1 }, { b: 1 }]],
    [[{ c: 1 }], [{}, { b: 1 }], [{}, {}, { a: 1 }]],
  ],
  [
    "what a list has to hold, beside its items",
    { allOf: [{ type: "array", items: a, contains: object({ b: {} }) }] },
    [[{ a: 1, b: 1 }]],
    [[{ a: 1, c: 1 }]],
  ],
  ["a list without a schema of its items", { allOf: [{ type: "array" }, {}] }, [[stray]], []],
  [
    "a list that only has to hold something",
    { allOf: [{ type: "array", contains: b }] },
    [[{ b: 1, c: 1 }, stray]],
    [],
  ],
  ["a single list", { type: "array", prefixItems: [a], items: inner }, [[{ a: 1 }, known]], [[stray], [{}, stray]]],
  [
    "a reference that another refers to as well",
    {
      ...object({ a: { $ref: "#/$defs/A" }, b: { $ref: "#/$defs/B" } }),
      $defs: { A: a, B: object({ a: { $ref: "#/$defs/A" } }) },
    },
    [{ a: { a: 1 }, b: { a: { a: 1 } } }],
    [{ a: stray }, { b: { a: stray } }],
  ],
  [
    "a choice of itself in two places further inside",
    {
      $ref: "#/$defs/Tree",
      $defs: {
        Tree: {
          anyOf: [object({ left: { $ref: "#/$defs/Tree" }, right: { $ref: "#/$defs/Tree" } }), { type: "null" }],
        },
      },
    },
    [{ left: { right: null }, right: { left: {} } }],
    [{ left: { right: stray } }],
  ],
  [
    "a choice of itself further inside",
    {
      $ref: "#/$defs/Node",
      $defs: { Node: { anyOf: [object({ next: { $ref: "#/$defs/Node" } }), { type: "null" }] } },
    },
    [{ next: { next: null } }],
    [{ next: { next: stray } }],
  ],
  [
    "nothing of a list with no items but a tuple's",
    { anyOf: [{ type: "array", prefixItems: [a], items: never }] },
    [[{ a: 1 }]],
    [[stray]],
  ],
];

describe("what may be written", () => {
  it.each(cases)("has the names of %s", (_, schema, writable, undeclared) => {
    const [writes, reads] = [compileWriter(schema), compileReader(schema)];
    for (const value of writable) expect([value, writes(value)]).toEqual([value, undefined]);
    for (const value of undeclared) {
      expect([value, reads(value)]).toEqual([value, undefined]);
      expect([value, writes(value)?.map(({ message }) => message)]).toEqual([value, ["is not in the contract"]]);
    }
  });

  it("has no undeclared name, however deep choices are nested in choices", () => {
    const nest = (levels: number, end: JsonSchema): JsonSchema =>
      levels === 0 ? end : { anyOf: [object({ at: nest(levels - 1, end) }), { type: "null" }] };
    const within = (levels: number, end: unknown): unknown => (levels === 0 ? end : { at: within(levels - 1, end) });
    for (const levels of [50, 60]) {
      const writes = compileWriter(nest(levels, inner));
      expect(writes(within(levels, known)), `${levels}`).toBeUndefined();
      expect(writes(within(levels, stray)), `${levels}`).not.toBeUndefined();
    }
  });

  it("has the names of its own place, however many places a choice has", () => {
    const names = Array.from({ length: 90 }, (_, at) => `n${at}`);
    const places = Object.fromEntries(names.map((name) => [name, object({ [name]: {} })]));
    const writes = compileWriter({ allOf: [object({ pair: { $ref: "#/$defs/A" }, ...places })], $defs: { A: a } });
    expect(
      writes({ pair: { a: 1 }, ...Object.fromEntries(names.map((name) => [name, { [name]: 1 }])) }),
    ).toBeUndefined();
    expect(writes(Object.fromEntries(names.map((name) => [name, stray])))).toHaveLength(90);
  });

  it("may be of a chain of choices that is longer than the stack", () => {
    const link = (at: number): JsonSchema => ({
      anyOf: [object({ next: { $ref: `#/$defs/L${at}` } }), { type: "null" }],
    });
    const $defs = Object.fromEntries(
      Array.from({ length: 3000 }, (_, at) => [`L${at}`, at === 2999 ? a : link(at + 1)]),
    );
    const writes = compileWriter({ ...link(0), $defs });
    expect(writes({ next: { next: null } })).toBeUndefined();
    expect(writes({ next: { next: stray } })).not.toBeUndefined();
  });

  it("is not decided by a reference to nothing, which is an error", () => {
    expect(() => compileWriter({ $ref: "#/$defs/Nothing", $defs: {} })).toThrow(
      /can't resolve reference #\/\$defs\/Nothing/,
    );
  });
});

describe("a closed schema", () => {
  it.each<[string, JsonSchema]>([
    ["a choice of texts", { anyOf: [{ type: "string" }, { const: 5 }] }],
    ["a list in a choice", { anyOf: [{ type: "array", items: { type: "integer" } }, { type: "null" }] }],
    ["a tuple in a layer", { allOf: [{ type: "array", prefixItems: [{ type: "string" }], items: {} }] }],
    [
      "an open object in a layer",
      { allOf: [object({ a: {}, b: { type: "string" } }, { additionalProperties: true })] },
    ],
    ["a layer that says nothing", { allOf: [{}] }],
    ["values in a choice", { anyOf: [{ const: null }, { enum: ["x", null, 5] }] }],
  ])("is the same if there is nothing to close: %s", (_, schema) => {
    expect(closeSchema(schema)).toEqual(schema);
  });

  it.each<[string, JsonSchema]>([
    ["names", object({ a: {} })],
    ["one pattern", object({}, { patternProperties: { "^x": {} } })],
    ["a pattern that is that of no declared name", object({ y: {} }, { patternProperties: { "^x": {} } })],
  ])("is closed where it stands if nothing else applies: %s", (_, schema) => {
    expect(closeSchema(schema)).toEqual({ ...schema, additionalProperties: false });
  });

  it("has each definition that it refers to once, and none that it does not need", () => {
    const $defs = { A: a, Unused: b };
    const schema = object({ one: { $ref: "#/$defs/A" }, two: { $ref: "#/$defs/A" } }, { required: ["one"] });
    expect(closeSchema({ ...schema, $defs })).toEqual({
      ...object({ one: { $ref: "#/$defs/A!" }, two: { $ref: "#/$defs/A!" } }, { required: ["one"] }),
      additionalProperties: false,
      $defs: { "A!": { ...a, additionalProperties: false } },
    });
  });

  it("has one definition for the same layers, in whatever order they apply", () => {
    const next = (name: string): JsonSchema => object({ next: { $ref: `#/$defs/${name}` } });
    const { $defs = {} } = closeSchema({ anyOf: [next("A"), next("B")], $defs: { A: next("B"), B: next("A") } });
    expect(Object.keys($defs).filter((name) => name.startsWith("!"))).toHaveLength(3);
  });

  it("keeps the layers that it had", () => {
    const writes = compileWriter({ ...a, allOf: [{ minProperties: 1 }] });
    expect(writes({})).toHaveLength(1);
    expect(writes({ a: 1 })).toBeUndefined();
  });
});
