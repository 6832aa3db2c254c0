import fc from "fast-check";
import { expect, it } from "vitest";
import { Certainty } from "../../../codegen/check/certain.js";
import { check } from "../../../codegen/check/check.js";
import { checkTrials } from "../../../codegen/check/trial.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel, type Model } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { runs } from "../../support/runs.js";
import { sound, textsOf } from "../catalogue.js";

type Kind = "event" | "notification";
type Encoding = "json" | "fields";

/** The model of a catalogue of one message with these properties, and whether it has problems. */
async function modelOf(kind: Kind, encoding: Encoding, changes: Schema): Promise<{ model: Model; isSound: boolean }> {
  const { properties, required = [], ...others } = changes;
  const type = `${kind}_type`;
  const sources = sourcesOf(
    textsOf({
      "catalogue.json": { name: "shop", encoding },
      "types/tree.json": { title: "Tree", ...tree, $defs: { Code: { type: "string", pattern: "^[a-c]{1,3}$" } } },
      [`${kind}s/ping.json`]: {
        title: "Ping",
        description: "A message of its own.",
        type: "object",
        ...others,
        properties: { [type]: { const: "ping" }, ...properties },
        required: [type, ...required],
        examples: [{ [type]: "ping" }],
      },
    }),
    "schemas",
  );
  const model = buildModel(sources, readConfig(sources.config).config);
  return { model, isSound: (await check(sources, model)).length === 0 };
}

const tree: Schema = { type: "object", properties: { code: { type: "string" }, next: { $ref: "#" } }, required: [] };

/** Schemas of steady keywords: constants and defaults, limits of every kind, closed and open objects, named types. */
const { schema: steady } = fc.letrec<{ schema: Schema; object: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Schema>(
      { type: "string", minLength: 1, maxLength: 4 },
      { type: "string", pattern: "^[a-c]{2}$", default: "ab" },
      { type: "string", format: "date-time" },
      { type: "string", format: "date-time", const: "2026-11-23t10:30:00.5+01:00" },
      { type: "integer", minimum: -3, maximum: 3, default: 0 },
      { type: "number", exclusiveMinimum: 0, multipleOf: 0.5 } as Schema,
      { type: "integer", exclusiveMaximum: 9_007_199_254_740_991 } as Schema,
      { type: ["integer", "null"], default: null },
      { type: "boolean", default: true },
      { const: "fixed" },
      { const: -0 },
      { enum: ["draft", "open"], default: "open" },
      { enum: [1, 2.5] },
      { type: "object" },
      { type: "object", additionalProperties: true, default: {} },
      { type: "array" },
      { $ref: "../types/tree.json", description: "A tree." },
      { $ref: "../types/tree.json#/$defs/Code", default: "abc" },
    ),
    fc.record(
      {
        type: fc.constant("array"),
        items: tie("schema"),
        minItems: fc.nat({ max: 2 }),
        maxItems: fc.integer({ min: 2, max: 4 }),
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: ["type", "items"] },
    ) as fc.Arbitrary<Schema>,
    tie("object"),
  ),
  object: fc.record(
    {
      type: fc.constant("object"),
      properties: fc.dictionary(fc.constantFrom("a", "b", "constructor2"), tie("schema"), { maxKeys: 3 }),
      additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
    },
    { requiredKeys: ["type", "properties"] },
  ) as fc.Arbitrary<Schema>,
}));

it("is never certain of a message that a trial refuses", async () => {
  let certain = 0;
  const properties = fc.dictionary(fc.constantFrom("a", "b", "entry_id"), steady, {
    minKeys: 1,
    noNullPrototype: true,
  });
  const closed = fc.option(fc.boolean(), { nil: undefined });
  const kinds = fc.constantFrom<Kind>("event", "notification");
  const encodings = fc.constantFrom<Encoding>("json", "fields");
  await fc.assert(
    fc.asyncProperty(properties, closed, kinds, encodings, async (given, additionalProperties, kind, encoding) => {
      const changes = { properties: given, ...(additionalProperties !== undefined && { additionalProperties }) };
      const { model, isSound } = await modelOf(kind, encoding, changes);
      const [message] = model.messages;
      if (!isSound || message === undefined || !new Certainty(model).of(message)) return;
      certain++;
      expect(await checkTrials(model, new Set(), { of: () => false })).toEqual([]);
    }),
    runs(150),
  );
  expect(certain).toBeGreaterThan(50);
}, 60_000);

it("is certain of a message of common keywords, and of its result", async () => {
  const sources = sourcesOf(textsOf(sound), "schemas");
  const model = buildModel(sources, readConfig(sources.config).config);
  expect(model.messages.map((message) => new Certainty(model).of(message))).toEqual([true]);
});

it.each<readonly [what: string, kind: Kind, changes: Schema]>([
  ["a choice", "event", { properties: { a: { anyOf: [{ type: "string" }, { type: "integer" }] } } }],
  [
    "a condition of a filled-in constant",
    "event",
    { properties: { a: { const: 1 } }, dependentRequired: { a: ["b"] } },
  ],
  ["a count of properties", "event", { properties: { a: { default: 1 } }, maxProperties: 1 } as Schema],
  ["a constant with names", "event", { properties: { a: { const: { b: 1 } } } }],
  ["a name of announcements", "notification", { properties: { entry_id: { type: "string" } } }],
  ["an announcement that names are refused in", "notification", { properties: {}, additionalProperties: false }],
  ["a type with a choice", "event", { properties: { a: { $ref: "#/$defs/A" } }, $defs: { A: { oneOf: [{}] } } }],
] as readonly (readonly [string, Kind, Schema])[])("leaves to a trial a message with %s", async (_, kind, changes) => {
  const { model } = await modelOf(kind, "json", changes);
  expect(model.messages.map((message) => new Certainty(model).of(message))).toEqual([false]);
});
