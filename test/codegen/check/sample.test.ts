import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Judge } from "../../../codegen/check/judge.js";
import { textsMatching } from "../../../codegen/check/matching-text.js";
import { Samples } from "../../../codegen/check/sample.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { formats } from "../../../runtime/contract/format.js";
import { runs } from "../../support/runs.js";
import { textsOf } from "../catalogue.js";
import { anySchema } from "./any-schema.js";

const object = { type: "object" } as const;
const ajv = (): Ajv2020 => {
  const plain = new Ajv2020({ strict: false, validateSchema: false, ownProperties: true, formats: { ...formats } });
  plain.opts.unevaluated = false;
  return plain;
};

/** The values that are made for a schema. */
function samplesOf(schema: object): readonly unknown[] {
  const model = buildModel(sourcesOf(textsOf({ "types/a.json": schema }), "schemas"), readConfig(undefined).config);
  const flat = (name: string): Schema | undefined => {
    const found = model.byName.get(name);
    return found && model.flattener.definition(found);
  };
  return new Samples(model, new Judge(flat)).of(flat("A") ?? {});
}

describe("the values that are made", () => {
  it.each<readonly [what: string, schema: object, wanted: readonly unknown[]]>([
    [
      "each form of oneOf",
      { oneOf: [{ const: "a" }, { type: "null" }, { type: "boolean" }] },
      ["a", null, true, false],
    ],
    ["each type", { type: ["string", "integer", "null"], maxLength: 4, maximum: 1 }, ["text", 1, null]],
    ["each value of an enum", { enum: ["a", 1, null, { a: [1] }] }, ["a", 1, null, { a: [1] }]],
    [
      "each branch of a condition",
      {
        ...object,
        properties: { a: { enum: ["x", "y"] }, b: { const: 1 }, c: { const: 2 } },
        required: ["a"],
        if: { properties: { a: { const: "x" } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ["b"], properties: { c: false } },
        else: { required: ["c"], properties: { b: false } },
      },
      [
        { a: "x", b: 1 },
        { a: "y", c: 2 },
      ],
    ],
    [
      "a name that others depend on, and none",
      { ...object, properties: { a: { const: 1 }, b: { const: 2 } }, dependentSchemas: { a: { required: ["b"] } } },
      [{ a: 1, b: 2 }, {}],
    ],
    [
      "properties that are present and absent",
      { ...object, properties: { a: { const: 1 }, b: { const: 2 } }, required: ["a"] },
      [{ a: 1, b: 2 }, { a: 1 }],
    ],
    [
      "a tuple",
      { type: "array", prefixItems: [{ const: 1 }, { const: "a" }], items: false, minItems: 1 },
      [[1, "a"], [1]],
    ],
    ["limits of numbers", { type: "integer", minimum: 3, exclusiveMaximum: 9 }, [3, 8]],
    ["multiples", { type: "number", multipleOf: 0.5, minimum: 0.6, maximum: 2.4 }, [1, 2]],
    ["limits of texts, counted in characters", { type: "string", minLength: 2, maxLength: 3 }, ["aa", "😀😀😀"]],
    [
      "an item that a list must contain",
      { type: "array", items: {}, contains: { const: 7 }, minContains: 2 },
      [[7, 7]],
    ],
    [
      "names that match a pattern",
      { ...object, patternProperties: { "^x-[0-9]{2}$": { const: 1 } } },
      [{ "x-00": 1 }, {}],
    ],
    [
      "names that a map allows",
      { ...object, additionalProperties: { const: 1 }, propertyNames: { pattern: "^[A-Z]+$" }, minProperties: 1 },
      [{ A: 1 }],
    ],
    [
      "one of a type in itself",
      { ...object, properties: { a: { $ref: "#" }, n: { const: 1 } }, required: ["n"] },
      [{ a: { n: 1 }, n: 1 }, { n: 1 }],
    ],
    [
      "layers that cannot be merged",
      { allOf: [{ type: "string", pattern: "^a" }, { pattern: "b$" }], examples: ["axb"] },
      ["axb"],
    ],
  ])("have %s", (_, schema, wanted) => {
    const made = samplesOf(schema);
    const accepts = ajv().compile(schema);
    expect(made.filter((value) => !accepts(value))).toEqual([]);
    expect(made).toEqual(expect.arrayContaining([...wanted]));
  });

  it("are none where none is found", () => {
    expect(samplesOf({ type: "string", pattern: "^(?=ab)(?=.*z).{5}$" })).toEqual([]);
    expect(samplesOf({ type: "string", not: {} })).toEqual([]);
  });

  it("are few, however large a schema is", () => {
    const wide = {
      ...object,
      properties: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`p${at}`, { enum: [1, 2, 3] }])),
    };
    expect(samplesOf(wide).length).toBeLessThan(6);
    const forms = Array.from({ length: 300 }, (_, at) => ({ const: at }));
    expect(samplesOf({ anyOf: forms }).length).toBeLessThan(20);
    const types = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [
        `T${at}`,
        {
          ...object,
          properties: Object.fromEntries(Array.from({ length: 20 }, (_, to) => [`t${to}`, { $ref: `#/$defs/T${to}` }])),
        },
      ]),
    );
    expect(samplesOf({ $ref: "#/$defs/T0", $defs: types }).length).toBeGreaterThan(0);
  });
});

describe("a text that matches a pattern", () => {
  it.each([
    "^[A-Z]{3}$",
    "^\\d{3}-\\d{12}$",
    "^(a|bb|c?d)+$",
    "^[^:]+$",
    "^(?:\\p{Lu}\\u{1F600}|\\x41[\\]\\-])$",
    "^-?(0|[1-9][0-9]{0,38})$",
    "x.y",
    "^(?<year>\\d{4})\\.\\w*$",
    "^\\p{Script=Thai}{3}$",
    "^[^\\u0000-\\u9fff]+$",
  ])("is made: %s", (pattern) => {
    const made = textsMatching(pattern, () => true);
    expect(made.length).toBeGreaterThan(0);
    for (const text of made) expect(text).toMatch(new RegExp(pattern, "u"));
  });

  it("is of each alternative, and as long as it has to be", () => {
    expect(textsMatching("^(cat|dog)$", () => true)).toEqual(["cat", "dog"]);
    expect(textsMatching("^a+$", (text) => text.length > 30)[0]).toMatch(/^a{31,}$/);
  });
});

it("are judged as Ajv does, and whatever is made Ajv accepts", () => {
  let made = 0;
  fc.assert(
    fc.property(anySchema, fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 5, maxLength: 5 }), (given, values) => {
      const judge = new Judge(() => undefined);
      const accepts = ajv().compile(given);
      const samples = samplesOf(given);
      for (const value of [...samples, ...values, "a", 1, null, [1], { a: 1 }, { a: 1, b: "a" }]) {
        expect([value, judge.accepts(given, value)]).toEqual([value, accepts(value)]);
      }
      for (const value of samples) expect([value, accepts(value)]).toEqual([value, true]);
      if (samples.length > 0) made++;
    }),
    runs(400),
  );
  expect(made).toBeGreaterThan(100);
});
