import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { loadAjv } from "../../../runtime/contract/load-ajv.js";
import { markOf } from "../../../runtime/contract/told-apart.js";
import { closeSchema, compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { runs } from "../../support/runs.js";

const list = <Item>(length: number, item: (at: number) => Item): Item[] => Array.from({ length }, (_, at) => item(at));

/** What Ajv says by itself. */
function plainly(schema: JsonSchema): (value: unknown) => boolean {
  const ajv = new (loadAjv().Ajv2020)({ strict: false, ownProperties: true });
  return ajv.compile(schema) as (value: unknown) => boolean;
}

const kinds = (size: number, keyword = "const"): JsonSchema[] =>
  list(size, (at) => ({
    type: "object",
    properties: {
      kind: keyword === "const" ? { const: at } : { enum: [`a${at}`, at, null].slice(0, at === 0 ? 3 : 2) },
    },
    required: ["kind"],
    [at % 2 === 0 ? "minProperties" : "maxProperties"]: 2,
    additionalProperties: true,
  }));

const schemas: readonly (readonly [string, JsonSchema])[] = [
  [
    "allowed values",
    { enum: [...list(20, (at) => at), "a1", "-1", true, null, {}, { kind: 1, b: [1] }, [], [1, { a: 1 }], "", "null"] },
  ],
  ["plain allowed values", { enum: [...list(20, (at) => at), "1", "{}", "[]", true] }],
  [
    "properties",
    {
      type: "object",
      additionalProperties: true,
      properties: {
        ...Object.fromEntries(list(150, (at) => [`p${at}`, at % 3 === 0 ? {} : { type: "integer" }])),
        kind: { type: "integer" },
        a: { enum: [1, "1"] },
        constructor: { type: "integer" },
      },
    },
  ],
  ["forms", { oneOf: kinds(20) }],
  ["forms of several values", { anyOf: kinds(20, "enum") }],
  ["forms that are not told apart", { oneOf: [...kinds(20), ...kinds(1)] }],
  ["forms of other types too", { anyOf: [...kinds(20), { type: "integer" }] }],
  [
    "forms by name",
    {
      oneOf: list(20, (at) => ({ $ref: `#/$defs/F${at}` })),
      $defs: Object.fromEntries(kinds(20).map((form, at) => [`F${at}`, form] as const)),
    },
  ],
  ["a condition on forms", { not: { oneOf: kinds(20) } }],
];

const names = fc.constantFrom("kind", "a", "b", "p1", "p3", "p149", "constructor");
const plain = fc.constantFrom<unknown>(0, 1, 2, 19, 20, -0, 1.5, "a1", "1", "-1", "", "null", "{}", true, false, null);
const values = fc.oneof(
  plain,
  fc.array(fc.oneof(plain, fc.constantFrom({}, { a: 1 })), { maxLength: 3 }),
  fc.dictionary(names, fc.oneof(plain, fc.constant([1])), { maxKeys: 4 }),
  fc.constantFrom<unknown>(new Date(0), Object.assign(Object.create({ kind: 1 }), { a: 1 }), { kind: undefined, a: 1 }),
);

describe("forms of a choice", () => {
  const form = (kind: JsonSchema, rest: JsonSchema = {}): JsonSchema => ({
    type: "object",
    properties: { other: { type: "string" }, kind },
    required: ["other", "kind"],
    ...rest,
  });
  /** Fifteen forms, and another one. */
  const beside = (last: JsonSchema): readonly JsonSchema[] => [...list(15, (at) => form({ const: at })), last];
  const $defs = { Named: form({ $ref: "#/$defs/Last" }), Last: { const: "last" }, Ring: { $ref: "#/$defs/Ring" } };

  it.each<[string, JsonSchema, readonly unknown[]]>([
    ["a constant", form({ const: "last" }), ["last"]],
    ["null", form({ const: null }), [null]],
    ["several values", form({ enum: ["a", null, true] }), ["a", null, true]],
    ["a constant of a type that has a name", { $ref: "#/$defs/Named" }, ["last"]],
  ])("are told apart by a property that has %s in each", (_, last, values) => {
    const forms = [...list(15, (at) => at), ...values.map(() => 15)];
    expect(markOf(beside(last), { $defs })).toEqual({
      name: "kind",
      values: [...list(15, (at) => at), ...values],
      forms,
    });
  });

  it.each<[string, JsonSchema]>([
    ["the value of another form", form({ const: 7 })],
    ["any value", form({ type: "string" })],
    ["a list of values that are objects", form({ enum: ["a", { b: 1 }] })],
    ["a constant that it need not have", form({ const: "last" }, { required: [] })],
    ["a constant, but is not the only type", form({ const: "last" }, { type: ["object", "null"] })],
    ["no description", form({ const: "last" }, { properties: {} })],
    ["a name that leads nowhere", { $ref: "#/$defs/Nothing" }],
    ["a name that leads to itself", { $ref: "#/$defs/Ring" }],
  ])("are tried one by one where one of them has %s", (_, last) => {
    expect(markOf(beside(last), { $defs })).toBeUndefined();
  });

  it("are tried one by one where they are few, or no property is required", () => {
    expect(markOf(beside(form({ const: "last" })).slice(-8), {})).toBeDefined();
    expect(markOf(beside(form({ const: "last" })).slice(-7), {})).toBeUndefined();
    expect(
      markOf(
        list(16, (at) => ({ properties: { kind: { const: at } } })),
        {},
      ),
    ).toBeUndefined();
  });
});

describe("what is looked up", () => {
  it.each(schemas)("has the verdict of Ajv by itself: %s", (_, schema) => {
    const [accepts, writes, reads] = [plainly(schema), compileWriter(schema), compileReader(schema)];
    const closed = plainly(closeSchema(schema));
    fc.assert(
      fc.property(values, (value) => {
        expect(writes(value) === undefined).toBe(closed(value));
        // What is read comes from a parser.
        const read: unknown = JSON.parse(JSON.stringify(value));
        expect(reads(read) === undefined).toBe(accepts(read));
      }),
      runs(400),
    );
  });

  it("is told by the form that is meant", () => {
    const forms = list(20, (at) => ({
      type: "object",
      properties: { kind: { const: `k${at}` }, n: { type: "integer" } },
      required: ["kind", "n"],
    }));
    const check = compileWriter({ type: "array", items: { oneOf: forms } });
    expect(check([{ kind: "k7", n: "x" }])).toEqual([
      { path: "[0].n", message: 'must be a whole number, got "x"' },
      { path: "[0]", message: "must match exactly one of its forms, got an object" },
    ]);
    expect(check([{ kind: "k70", n: 1 }])).toEqual([
      { path: "[0]", message: 'must be a form that its "kind" names, got an object' },
    ]);
    expect(check([1])).toEqual([{ path: "[0]", message: 'must be a form that its "kind" names, got 1' }]);
  });

  it("is told by the form that is meant also where forms have names", () => {
    const form = (at: number): JsonSchema => ({
      type: "object",
      properties: { kind: { $ref: `#/$defs/K${at}` }, n: { type: "integer" } },
      required: ["kind"],
    });
    const $defs = Object.fromEntries(
      list(20, (at) => at).flatMap((at) => [[`F${at}`, form(at)] as const, [`K${at}`, { const: `k${at}` }] as const]),
    );
    const check = compileWriter({ oneOf: list(20, (at) => ({ $ref: `#/$defs/F${at}` })), $defs });
    expect(check({ kind: "k7", n: 7 })).toBeUndefined();
    expect(check({ kind: "k7", n: "x" })?.[0]).toEqual({ path: "n", message: 'must be a whole number, got "x"' });
    expect(check({ kind: "k70" })?.[0]?.message).toBe('must be a form that its "kind" names, got an object');
  });

  it.each(["toString", "valueOf", "constructor", "hasOwnProperty"])(
    "is compared as JSON where an object has a property of its own that all inherit: %s",
    (name) => {
      for (const compile of [compileWriter, compileReader]) {
        for (const allowed of [{ const: { [name]: 1, a: 1 } }, { enum: [{ [name]: 1, a: 1 }, { b: 1 }, []] }]) {
          const check = compile({ type: "array", items: allowed });
          expect(check([{ a: 1, [name]: 1 }])).toBeUndefined();
          expect(check([{ a: 1, [name]: 2 }])).toHaveLength(1);
          expect(check([{ b: 1, [name]: 2 }])).toHaveLength(1);
          expect(check([{ [name]: "x" }])).toHaveLength(1);
        }
      }
    },
  );

  it("is listed as far as there is room", () => {
    const issues = compileWriter({ enum: list(10_000, (at) => `v${at}`) })("x") ?? [];
    expect(issues).toHaveLength(1);
    expect(issues[0]?.message).toMatch(/^must be one of "v0", "v1", .*…$/);
  });
});
