import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { imported } from "./imported.js";

interface Row {
  readonly rule: string;
  readonly draft: "04" | "06" | "07" | "2019-09" | "2020-12";
  /** The property `a` of the imported schema. */
  readonly before: object;
  readonly after: object;
  /** Definitions beside it, before and after. */
  readonly definitions?: object;
  readonly $defs?: object;
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
  /** Ajv does not follow a reference that validators resolve as they run to where the draft says. */
  readonly isJudgedByHand?: true;
  /** Values on which the two differ, as the rule says. */
  readonly newlyValid?: readonly unknown[];
  readonly newlyInvalid?: readonly unknown[];
}

const rows: readonly Row[] = [
  {
    rule: "exclusive-bound",
    draft: "04",
    before: { type: "number", minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false },
    after: { type: "number", maximum: 5, exclusiveMinimum: 1 },
    valid: [1.5, 5],
    invalid: [1, 6],
  },
  {
    rule: "identifier",
    draft: "04",
    before: { id: "http://example.com/a", type: "object", properties: { id: { type: "string" } } },
    after: { type: "object", properties: { id: { type: "string" } } },
    valid: [{ id: "x" }, {}],
    invalid: [{ id: 1 }],
  },
  {
    rule: "later-keyword",
    draft: "04",
    before: { type: "string", const: "x" },
    after: { type: "string" },
    valid: ["x", "y"],
    invalid: [1],
  },
  {
    rule: "later-keyword",
    draft: "07",
    before: { type: "object", properties: { b: {}, c: {} }, dependentRequired: { b: ["c"] } },
    after: { type: "object", properties: { b: {}, c: {} } },
    valid: [{ b: 1 }],
    invalid: [1],
  },
  {
    rule: "dependencies",
    draft: "07",
    before: {
      type: "object",
      properties: { b: {}, c: {}, d: {} },
      dependencies: { b: ["c"], d: { properties: { c: { type: "string" } } } },
    },
    after: {
      type: "object",
      properties: { b: {}, c: {}, d: {} },
      dependentRequired: { b: ["c"] },
      dependentSchemas: { d: { properties: { c: { type: "string" } } } },
    },
    valid: [{ b: 1, c: 2 }, { d: 1, c: "x" }, {}],
    invalid: [{ b: 1 }, { d: 1, c: 2 }],
  },
  {
    rule: "tuple",
    draft: "07",
    before: { type: "array", items: [{ type: "string" }, { type: "number" }], additionalItems: { type: "boolean" } },
    after: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: { type: "boolean" } },
    valid: [["x"], ["x", 1, true]],
    invalid: [[1], ["x", 1, 2]],
  },
  {
    rule: "tuple",
    draft: "2019-09",
    before: { type: "array", items: [{ type: "string" }], additionalItems: false },
    after: { type: "array", prefixItems: [{ type: "string" }], items: false },
    valid: [["x"], []],
    invalid: [["x", 1]],
  },
  {
    rule: "definitions",
    draft: "06",
    before: { $ref: "#/definitions/zip code" },
    after: { $ref: "#/$defs/ZipCode" },
    definitions: { "zip code": { type: "string", pattern: "^\\d{5}$" } },
    $defs: { ZipCode: { type: "string", pattern: "^\\d{5}$" } },
    valid: ["12345"],
    invalid: ["1"],
  },
  {
    rule: "reference-siblings",
    draft: "07",
    before: { $ref: "#/definitions/Zip", description: "Where to.", maxLength: 2 },
    after: { $ref: "#/$defs/Zip", description: "Where to." },
    definitions: { Zip: { type: "string" } },
    $defs: { Zip: { type: "string" } },
    valid: ["12345"],
    invalid: [1],
  },
  {
    rule: "named-part",
    draft: "07",
    before: { type: "array", items: { $ref: "#/properties/b" } },
    after: { type: "array", items: { $ref: "#/$defs/OrderPlacedB" } },
    $defs: { OrderPlacedB: { type: "integer" } },
    valid: [[1]],
    invalid: [["x"]],
  },
  {
    rule: "recursive-reference",
    draft: "2019-09",
    before: { type: "array", items: { $recursiveRef: "#" } },
    after: { type: "array", items: { $ref: "#" } },
    valid: [[], [{ a: [] }]],
    invalid: [[1], [{ a: 1 }]],
  },
  {
    rule: "recursive-reference",
    draft: "2020-12",
    before: { type: "array", items: { $dynamicRef: "#node" } },
    after: { type: "array", items: { $ref: "#/$defs/Node" } },
    isJudgedByHand: true,
    definitions: { Node: { $dynamicAnchor: "node", type: "integer" } },
    $defs: { Node: { type: "integer" } },
    valid: [[1]],
    invalid: [["x"]],
  },
  {
    rule: "nullable",
    draft: "07",
    before: { type: "string", nullable: true },
    after: { type: ["string", "null"] },
    valid: ["x"],
    invalid: [1],
    newlyValid: [null],
  },
  {
    rule: "nullable",
    draft: "07",
    before: { $ref: "#/definitions/Zip", nullable: true, description: "Where to." },
    after: { description: "Where to.", anyOf: [{ $ref: "#/$defs/Zip" }, { type: "null" }] },
    definitions: { Zip: { type: "string" } },
    $defs: { Zip: { type: "string" } },
    valid: ["x"],
    invalid: [1],
    newlyValid: [null],
  },
  {
    rule: "not-nullable",
    draft: "07",
    before: { type: "string", nullable: false },
    after: { type: "string" },
    valid: ["x"],
    invalid: [null],
  },
  {
    rule: "discriminator",
    draft: "07",
    before: { type: "object", properties: { b: {} }, discriminator: { propertyName: "b" } },
    after: { type: "object", properties: { b: {} } },
    valid: [{ b: 1 }],
    invalid: [1],
  },
  {
    rule: "examples",
    draft: "07",
    before: { type: "string", example: "x" },
    after: { type: "string", examples: ["x"] },
    valid: ["x"],
    invalid: [1],
  },
  {
    rule: "examples",
    draft: "07",
    before: { type: "string", examples: { one: { summary: "One.", value: "x" } } },
    after: { type: "string", examples: ["x"] },
    valid: ["x"],
    invalid: [1],
  },
  {
    rule: "format",
    draft: "07",
    before: { type: "string", format: "uri-template", $comment: "By RFC 6570." },
    after: { type: "string", $comment: "By RFC 6570.; format: uri-template" },
    valid: ["https://example.com/{id}"],
    invalid: [1],
  },
  {
    rule: "unknown-keyword",
    draft: "07",
    before: { type: "string", "x-order": 1, tsType: "Brand" },
    after: { type: "string" },
    valid: ["x"],
    invalid: [1],
  },
  {
    rule: "content-schema",
    draft: "2019-09",
    before: { type: "string", contentMediaType: "application/json", contentEncoding: "base64", contentSchema: {} },
    after: { type: "string", contentMediaType: "application/json", contentEncoding: "base64" },
    valid: ["e30="],
    invalid: [1],
  },
  {
    rule: "pattern-escape",
    draft: "07",
    before: { type: "string", pattern: "^[a\\-z]\\-\\_\\@\\.$" },
    after: { type: "string", pattern: "^[a\\-z]-_@\\.$" },
    valid: ["a-_@.", "--_@."],
    invalid: ["b-_@.", "a-_@x"],
  },
  {
    rule: "unevaluated-closed",
    draft: "2019-09",
    before: { type: "object", properties: { b: {} }, unevaluatedProperties: false },
    after: { type: "object", properties: { b: {} }, additionalProperties: false },
    valid: [{ b: 1 }],
    invalid: [{ c: 1 }],
  },
  {
    rule: "unevaluated-closed",
    draft: "2020-12",
    before: { type: "array", prefixItems: [{}], unevaluatedItems: { type: "string" } },
    after: { type: "array", prefixItems: [{}], items: { type: "string" } },
    valid: [[1, "x"]],
    invalid: [[1, 2]],
  },
  {
    rule: "unevaluated",
    draft: "2020-12",
    before: {
      type: "object",
      properties: { b: {} },
      anyOf: [
        { properties: { c: { type: "string" } }, required: ["c"] },
        { properties: { d: {} }, required: ["d"] },
      ],
      unevaluatedProperties: false,
    },
    after: {
      type: "object",
      properties: { b: {} },
      anyOf: [
        { properties: { c: { type: "string" } }, required: ["c"] },
        { properties: { d: {} }, required: ["d"] },
      ],
    },
    valid: [{ b: 1, c: "x" }],
    invalid: [{ b: 1 }],
    newlyValid: [{ c: "x", e: 1 }],
  },
  {
    rule: "missing-type",
    draft: "07",
    before: { properties: { b: { type: "string" } } },
    after: { type: "object", properties: { b: { type: "string" } } },
    valid: [{ b: "x" }],
    invalid: [{ b: 1 }],
    newlyInvalid: ["x", 1],
  },
  {
    rule: "missing-type",
    draft: "07",
    before: { not: { properties: { b: { const: 1 } } } },
    after: { type: "object", not: { properties: { b: { const: 1 } } } },
    valid: [{ b: 2 }],
    invalid: [{ b: 1 }, {}, "x", 1],
  },
  {
    rule: "missing-type",
    draft: "07",
    before: {
      if: { properties: { b: { const: 1 } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["c"], properties: { c: {} } },
    },
    after: {
      type: "object",
      if: { properties: { b: { const: 1 } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["c"], properties: { c: {} } },
    },
    valid: [{ b: 2 }, { b: 1, c: 1 }],
    invalid: [{ b: 1 }],
    newlyInvalid: ["x", 1],
  },
  {
    rule: "required-name",
    draft: "07",
    before: { type: "object", properties: { b: {} }, required: ["b", "c"] },
    after: { type: "object", properties: { b: {}, c: {} }, required: ["b", "c"] },
    valid: [{ b: 1, c: 2 }],
    invalid: [{ b: 1 }],
  },
  {
    rule: "repeated-name",
    draft: "07",
    before: { type: ["object", "object"], properties: { b: {} }, required: ["b", "b"] },
    after: { type: ["object"], properties: { b: {} }, required: ["b"] },
    valid: [{ b: 1 }],
    invalid: [{}],
  },
  {
    rule: "unused-definition",
    draft: "07",
    before: { type: "string" },
    after: { type: "string" },
    definitions: { old: { type: "string" } },
    valid: ["x"],
    invalid: [1],
  },
  {
    rule: "idle-keyword",
    draft: "2019-09",
    before: { type: "array", items: { type: "string" }, minContains: 2, additionalItems: false },
    after: { type: "array", items: { type: "string" } },
    valid: [["xx"]],
    invalid: [[1]],
  },
  {
    rule: "dead-value",
    draft: "07",
    before: { type: "string", enum: ["x", null, 1] },
    after: { type: "string", enum: ["x"] },
    valid: ["x"],
    invalid: [null, 1],
  },
  {
    rule: "invalid-default",
    draft: "07",
    before: { type: "string", default: null },
    after: { type: "string" },
    valid: ["x"],
    invalid: [null],
  },
  {
    rule: "invalid-example",
    draft: "07",
    before: { type: "string", minLength: 2, examples: ["x", "yy", 1] },
    after: { type: "string", minLength: 2, examples: ["yy"] },
    valid: ["xx"],
    invalid: ["x"],
  },
];

const addresses = {
  "04": "http://json-schema.org/draft-04/schema#",
  "06": "http://json-schema.org/draft-06/schema#",
  "07": "http://json-schema.org/draft-07/schema#",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
};

/** Says whether plain Ajv takes a value, by the draft. Ajv has no draft 04 of its own. */
function judge(schema: object, draft: Row["draft"], isForeign = false): (value: unknown) => boolean {
  const foreign = { validateSchema: !isForeign, unicodeRegExp: !isForeign, ignoreKeywordsWithRef: draft < "2" };
  const options = { strict: false, validateFormats: false, logger: false, ...foreign } as const;
  const { $schema: _, ...rest } = schema as { readonly $schema?: string };
  if (draft === "2019-09") return new Ajv2019(options).compile(rest);
  return draft === "2020-12" ? new Ajv2020(options).compile(rest) : new Ajv(options).compile(rest);
}

describe("an imported schema", () => {
  it.each(rows)("is changed by $rule of draft $draft, and judges values alike", async (row) => {
    const { rule, draft, before, after, definitions, $defs, valid, invalid, newlyValid = [], newlyInvalid = [] } = row;
    const keyword = draft === "2020-12" ? "$defs" : "definitions";
    const original = {
      $schema: addresses[draft],
      type: "object",
      properties: { a: before, b: { type: "integer" } },
      ...(definitions !== undefined && { [keyword]: definitions }),
    };
    const { files, rules, hindrances } = await imported({ "order-placed.json": original });
    expect(hindrances).toEqual([]);
    expect(rules).toContain(rule);
    const changed = files["types/order.placed.json"] ?? {};
    expect((changed["properties"] as { readonly a: object }).a).toEqual(after);
    expect(changed["$defs"]).toEqual($defs);

    const now = judge(changed, "2020-12");
    for (const a of [...valid, ...newlyValid]) expect([a, now({ a })]).toEqual([a, true]);
    for (const a of [...invalid, ...newlyInvalid]) expect([a, now({ a })]).toEqual([a, false]);
    if (draft === "04" || row.isJudgedByHand) return;
    // Ajv of draft 07 knows `nullable`, other validators do not.
    const old = judge(
      JSON.parse(JSON.stringify(original).replaceAll('"nullable"', '"x-nullable"')) as object,
      draft,
      true,
    );
    for (const a of [...valid, ...newlyInvalid]) expect([a, old({ a })]).toEqual([a, true]);
    for (const a of [...invalid, ...newlyValid]) expect([a, old({ a })]).toEqual([a, false]);
  });
});

describe("a schema without a type, below a test whose verdict a type would turn", () => {
  it.each([
    ["not", { type: "array", not: { items: { properties: { b: { const: 1 } } } } }, "/not/items/properties"],
    [
      "if",
      {
        anyOf: [{ type: "string" }, { type: "object" }],
        if: { properties: { b: { const: 1 } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { maxLength: 3 },
      },
      "/if/properties",
    ],
  ])("is refused at its place in %s, with what to add", async (_, a, pointer) => {
    const original = { $schema: addresses["07"], type: "object", properties: { a } };
    const { files, hindrances } = await imported({ "order-placed.json": original });
    expect(files).toEqual({});
    expect(hindrances).toEqual([
      expect.objectContaining({
        pointer: `/properties/a${pointer}`,
        rule: "untyped-shape",
        sentence: expect.stringContaining('accepts every value that is no object as well; add "type": "object"'),
      }),
    ]);
  });
});
