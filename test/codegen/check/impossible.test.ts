import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../../support/runs.js";
import { problemsOf, sound } from "../catalogue.js";

/** The problems of a shared type, without the file's path. */
async function problems(schema: object): Promise<readonly string[]> {
  const found = await problemsOf({ ...sound, "types/a.json": schema });
  return found.map((problem) => problem.replace(/^schemas\/types\/a\.json:\d+:\d+ /, ""));
}

const within = (property: object): object => ({ type: "object", properties: { p: property } });

describe("a schema that no value satisfies", () => {
  it.each<readonly [schema: object, problem: string]>([
    [{ type: "string", minLength: 5, maxLength: 3 }, 'maxLength: leaves no value: it is 3, and "minLength" is 5'],
    [
      { type: ["string", "null"], minLength: 5, maxLength: 3 },
      'maxLength: leaves no value: it is 3, and "minLength" is 5',
    ],
    [
      { type: "string", format: "uuid", maxLength: 35 },
      'maxLength: leaves no value: every text of the format "uuid" is longer',
    ],
    [
      { type: "string", format: "date", minLength: 11 },
      'minLength: leaves no value: every text of the format "date" is shorter',
    ],
    [{ type: "number", minimum: 2, maximum: 1 }, 'maximum: leaves no value: it is 1, and "minimum" is 2'],
    [
      { type: "number", exclusiveMinimum: 1, maximum: 1 },
      'maximum: leaves no value: it is 1, and "exclusiveMinimum" is 1',
    ],
    [
      { type: "integer", minimum: 0.2, maximum: 0.8 },
      'maximum: leaves no value: no whole number is between it and "minimum", 0.2',
    ],
    [
      { type: "integer", exclusiveMinimum: 1, exclusiveMaximum: 2 },
      'exclusiveMaximum: leaves no value: no whole number is between it and "exclusiveMinimum", 1',
    ],
    [
      { type: "number", multipleOf: 5, minimum: 6, maximum: 9 },
      'maximum: leaves no value: no multiple of 5 is between it and "minimum", 6',
    ],
    [{ type: "array", items: {}, minItems: 2, maxItems: 1 }, 'maxItems: leaves no value: it is 1, and "minItems" is 2'],
    [
      { type: "array", prefixItems: [{}], items: false, minItems: 2 },
      'items: leaves no value: the list can have 1 items, and "minItems" is 2',
    ],
    [
      { type: "array", items: { enum: ["a", "b"] }, uniqueItems: true, minItems: 3 },
      "minItems: leaves no value: only 2 different items exist",
    ],
    [
      { type: "object", additionalProperties: true, minProperties: 2, maxProperties: 1 },
      'maxProperties: leaves no value: it is 1, and "minProperties" is 2',
    ],
    [
      { type: "object", properties: { a: {}, b: {} }, required: ["a", "b"], maxProperties: 1 },
      "maxProperties: leaves no value: 2 properties are required",
    ],
    [
      { type: "object", properties: { a: {} }, minProperties: 2 },
      "minProperties: leaves no value: a publisher may write only the 1 declared properties",
    ],
    [{ enum: ["a", "bb"], maxLength: 1 }, 'enum: lists "bb", which the keywords beside it refuse'],
    [{ type: "string", enum: ["a", 1, null] }, "enum: lists 1, null, which the keywords beside it refuse"],
    [{ type: "string", const: 1 }, "const: is refused by the keywords beside it"],
    [{ const: [1], enum: [1, "a"] }, "const: is refused by the keywords beside it"],
    [{ const: 3, minimum: 5 }, "const: is refused by the keywords beside it"],
    [{ const: "a", format: "uuid" }, "const: is refused by the keywords beside it"],
    [{ enum: [1, 5, 9], minimum: 4, exclusiveMaximum: 9 }, "enum: lists 1, 9, which the keywords beside it refuse"],
    [
      { allOf: [{ enum: [1, 2] }, { type: "integer", minimum: 3 }] },
      "allOf/0/enum: lists 1, 2, which the keywords beside it refuse",
    ],
    [
      { anyOf: [{ type: "string" }, { type: "object", properties: { a: false }, required: ["a"] }] },
      "anyOf: its form 2 accepts no value",
    ],
    [
      { oneOf: [{ type: "integer" }, { type: "string" }, { type: "number" }] },
      'oneOf: its form 1 accepts no value that form 3 refuses, and "oneOf" allows only one',
    ],
    [
      {
        oneOf: [
          { type: "object", properties: { a: { const: 1 } }, required: ["a"] },
          { type: "object", properties: { a: { type: "integer" } } },
        ],
      },
      'oneOf: its form 1 accepts no value that form 2 refuses, and "oneOf" allows only one',
    ],
  ])("is refused where it is: %j", async (schema, problem) => {
    expect(await problems(within(schema))).toEqual([`/properties/p/${problem}`]);
  });

  it("is refused if it needs a value of itself without end", async () => {
    const list = { type: "object", properties: { next: { $ref: "#" } }, required: ["next"] };
    const sentence = 'no value of "A" is possible: it needs another of the same type, or what no value satisfies';
    expect(await problems(list)).toEqual([expect.stringContaining(sentence)]);
    const node = { type: "object", properties: { left: { $ref: "#/$defs/b" } }, required: ["left"] };
    const many = { type: "array", items: { $ref: "#" }, minItems: 1 };
    expect(await problems({ ...node, $defs: { b: many } })).toHaveLength(2);
  });
});

describe("a schema that some value satisfies", () => {
  it.each<readonly [what: string, schema: object]>([
    ["a type of itself that may end", { type: "object", properties: { next: { $ref: "#" } } }],
    [
      "a list of itself that may be empty",
      { type: "object", properties: { all: { type: "array", items: { $ref: "#" } } }, required: ["all"] },
    ],
    [
      "a choice with an end",
      { oneOf: [{ type: "string" }, { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }] },
    ],
    ["a property that must be left out", within(false as unknown as object)],
    ["a form that is false", { anyOf: [{ type: "string" }, false] }],
    [
      "a oneOf with forms that overlap",
      {
        oneOf: [
          { type: "number", minimum: 0 },
          { type: "number", maximum: 9 },
        ],
      },
    ],
    ["an anyOf with a form in another", { anyOf: [{ type: "integer" }, { type: "number" }] }],
    ["a name for false", { $ref: "#/$defs/no", $defs: { no: false } }],
    ["bounds that meet", within({ type: "integer", minimum: 3, maximum: 3 })],
    ["fractions between whole numbers", within({ type: "number", minimum: 0.2, maximum: 0.8 })],
    [
      "names that a choice declares",
      { type: "object", properties: { a: {} }, minProperties: 2, anyOf: [{ type: "object", properties: { b: {} } }] },
    ],
    [
      "a form that counts the names beside it",
      { type: "object", properties: { a: {}, b: {} }, anyOf: [{ type: "object", minProperties: 2 }] },
    ],
    [
      "a layer that counts the names of another",
      {
        $ref: "#/$defs/base",
        properties: { b: {} },
        $defs: { base: { type: "object", properties: { a: {} }, minProperties: 2 } },
      },
    ],
    [
      "a layer that leaves some values of an enum",
      { $ref: "#/$defs/level", minimum: 2, $defs: { level: { type: "integer", enum: [1, 2, 3] } } },
    ],
    ["a constant that its bounds allow", within({ type: ["integer", "null"], const: null, minimum: 1 })],
    ["bounds of other types", within({ enum: ["a", 1], minimum: 1, maxLength: 1 })],
  ])("is accepted: %s", async (_, schema) => {
    expect(await problems(schema)).toEqual([]);
  });
});

/** Bounds on a few texts, numbers and lists, small enough that values which keep them are often there. */
const bound = fc.nat({ max: 4 });
const leaf = fc.oneof(
  fc.record({ type: fc.constant("string"), minLength: bound, maxLength: bound }, { requiredKeys: ["type"] }),
  fc.record(
    {
      type: fc.constantFrom("integer", "number", ["integer", "null"]),
      minimum: bound,
      maximum: bound,
      exclusiveMinimum: bound,
      exclusiveMaximum: bound,
      multipleOf: fc.constantFrom(1, 2, 3),
    },
    { requiredKeys: ["type"] },
  ),
  fc.record({
    enum: fc.uniqueArray(fc.constantFrom(0, 1, 2, "", "aa"), { minLength: 1 }),
    minimum: bound,
    maxLength: bound,
  }),
);
const bounded = fc.oneof(
  leaf,
  fc.record({ allOf: fc.tuple(leaf, leaf) }),
  fc.record({ oneOf: fc.tuple(leaf, leaf) }),
  fc.record(
    { type: fc.constant("array"), items: leaf, minItems: bound, maxItems: bound, uniqueItems: fc.boolean() },
    { requiredKeys: ["type", "items"] },
  ),
);
const scalars = [null, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, "", "a", "aa", "aaa", "aaaa"];
const candidates = [
  ...scalars,
  [],
  ...scalars.map((one) => [one]),
  [0, 1],
  [0, 1, 2],
  [0, 1, 2, 3],
  ["", "a", "aa"],
  ["aa", "aaa"],
];

it("is refused as a whole only if plain Ajv accepts nothing", async () => {
  let refusals = 0;
  const ajv = new Ajv2020({ strict: false });
  await fc.assert(
    fc.asyncProperty(fc.array(bounded, { minLength: 50, maxLength: 50 }), async (schemas) => {
      const files = Object.fromEntries(schemas.map((schema, at) => [`types/p${at}.json`, schema]));
      const found = await problemsOf({ ...sound, ...files });
      // Where only the items of a list or one form have no value, the whole has some, and so it has if it may be null.
      const refused = found.flatMap((problem) => {
        const at = /\/p(\d+)\.json:\d+:\d+ (\/allOf\/\d)?\/\w+: leaves no value/.exec(problem)?.[1];
        return at === undefined ? [] : [schemas[Number(at)] ?? {}];
      });
      refusals += refused.length;
      for (const schema of refused) {
        const accepts = ajv.compile(schema);
        expect([schema, candidates.filter((value) => value !== null && accepts(value))]).toEqual([schema, []]);
      }
    }),
    runs(5),
  );
  expect(refusals).toBeGreaterThan(20);
});
