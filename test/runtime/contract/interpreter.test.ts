import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogue, type JsonSchema } from "../../../generated/index.js";
import * as examples from "../../../generated/testing.js";
import { formats, tolerantFormats } from "../../../runtime/contract/format.js";
import { interpret } from "../../../runtime/contract/interpreter.js";
import { withNumberBounds } from "../../../runtime/contract/number-bounds.js";
import { ajvFor, closeSchema } from "../../../runtime/contract/validation.js";
import { runs } from "../../support/runs.js";
import { variants } from "../../support/variants.js";

const names = fc.constantFrom("a", "b", "constructor", "__proto__");
const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc.constant({}),
  fc.record({ type: fc.constantFrom("string", "number", "integer", "boolean", "null", "array", "object") }),
  fc.record({ type: fc.subarray(["string", "integer", "null", "object"], { minLength: 1 }) }),
  fc.record({ const: fc.constantFrom<unknown>("a", 0, 1, true, null) }),
  fc.record({ enum: fc.constantFrom<unknown[]>(["a", 1], [null], [0, false]) }),
  fc.record({ minLength: fc.integer({ min: 0, max: 3 }), maxLength: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ type: fc.constant("string"), pattern: fc.constantFrom("^a", "\\p{L}$") }),
  fc.record({ format: fc.constantFrom("date-time", "uuid", "email", "ipv4") }),
  fc.record({ minimum: fc.integer({ min: -1, max: 2 }), exclusiveMaximum: fc.integer({ min: -1, max: 2 }) }),
  fc.record({ maximum: fc.integer({ min: -1, max: 2 }), exclusiveMinimum: fc.integer({ min: -1, max: 2 }) }),
);
const { schema } = fc.letrec<{ schema: JsonSchema; part: JsonSchema }>((tie) => {
  const properties = fc
    .array(fc.tuple(names, tie("part")), { maxLength: 3 })
    .map((entries) => Object.fromEntries(entries));
  const list = fc.array(tie("schema"), { minLength: 1, maxLength: 2 });
  return {
    // A reference leads into the value, or there would be no end.
    part: fc.oneof(tie("schema"), fc.record({ $ref: fc.constantFrom("#/$defs/A", "#/$defs/B!") })),
    schema: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record(
        {
          properties,
          required: fc.uniqueArray(names, { maxLength: 2 }),
          additionalProperties: fc.oneof(fc.boolean(), tie("part")),
          items: tie("part"),
          uniqueItems: fc.boolean(),
          minItems: fc.integer({ min: 0, max: 2 }),
          maxItems: fc.integer({ min: 0, max: 2 }),
          anyOf: list,
          allOf: list,
        },
        { requiredKeys: [] },
      ),
    ),
  };
});
const odd = fc.constantFrom<unknown>(
  undefined,
  Number.NaN,
  Infinity,
  -0,
  1e300,
  5n,
  new (class {
    get a() {
      return 1;
    }
  })(),
  Object.assign([1], { length: 3 }),
  "\ud83d\ude00",
  "2026-11-23T08:00:00",
  "2026-11-23T08:00:00Z",
  "127.0.0.1",
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    odd,
    fc.constantFrom<unknown>("a", "", "aé", 0, 1, 1.5, true, false, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

describe("the interpreter", () => {
  it("decides as Ajv does, of any schema that it understands", () => {
    let understood = 0;
    const property = fc.property(
      schema,
      schema,
      schema,
      fc.array(value, { minLength: 5, maxLength: 20 }),
      (root, a, b, values) => {
        const whole = { ...root, $defs: { A: a, "B!": b } };
        const verdict = interpret(whole, formats);
        if (verdict === undefined) return;
        understood++;
        const accepts = ajvFor(formats, false).compile(whole);
        for (const one of values) {
          const decided = verdict(one);
          // Whether objects differ it leaves to Ajv, by refusing them.
          if (decided || !isAboutUniqueness(whole)) expect([one, decided]).toEqual([one, accepts(one)]);
        }
      },
    );
    const tried = runs(150);
    fc.assert(property, tried);
    expect(understood).toBeGreaterThan((2 / 3) * tried.numRuns);
  });

  it("understands every message of the catalogue, and decides of its example and of whatever differs in one place", () => {
    const makers = Object.entries(examples).filter(([name]) => /^example[A-Z]/.test(name));
    const messages = makers.map(([, make]) => (make as () => object)());
    expect(messages.length).toBeGreaterThan(50);
    for (const { schema, type } of catalogue.messages) {
      for (const [whole, checks] of [
        [withNumberBounds(closeSchema(schema)), formats],
        [withNumberBounds(schema), tolerantFormats],
      ] as const) {
        const verdict = interpret(whole, checks);
        const accepts = ajvFor(checks, false).compile(whole);
        expect([type, verdict === undefined]).toEqual([type, false]);
        const tried = messages.flatMap((one) => (accepts(one) ? [...variants(one)] : [one]));
        expect(tried.filter((message) => verdict?.(message) !== accepts(message))).toEqual([]);
      }
    }
  });

  it.each<[string, JsonSchema]>([
    ["an unknown keyword", { properties: { a: { multipleOf: 2 } } }],
    ["an unknown format", { format: "colour" }],
    ["an unknown type", { type: "text" }],
    ["a constant that is no single value", { const: { a: 1 } }],
    ["no value of an enum", { enum: [] }],
    ["items that are counted", { minContains: 1 }],
    ["a reference to nothing", { $ref: "#/$defs/Nothing" }],
    ["a reference elsewhere", { $ref: "#" }],
    ["a bad pattern", { pattern: "(" }],
    ["what patterns decide", { patternProperties: { a: {} }, additionalProperties: false }],
    ["what a tuple decides", { prefixItems: [{}], items: {} }],
  ])("leaves to Ajv a schema with %s", (_, schema) => {
    expect(interpret(schema, formats)).toBeUndefined();
  });
});

function isAboutUniqueness(schema: JsonSchema): boolean {
  return JSON.stringify(schema).includes('"uniqueItems":true');
}

it("leaves values of very many parts to a compiled check, which is faster by then", () => {
  const verdict = interpret({ type: "array", items: { type: "integer" } }, formats);
  const decided = [[1], Array(9000).fill(1), Array(1100).fill(1), [1]].map((value) => verdict?.(value));
  expect(decided).toEqual([true, true, undefined, undefined]);
});
