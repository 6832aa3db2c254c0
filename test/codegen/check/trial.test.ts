import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../../support/runs.js";
import { problemsOf } from "../catalogue.js";
import { anySchema } from "./any-schema.js";

const object = { type: "object" } as const;

/** What the rule says. */
const tried = /may not write|is read|is not read|may be written/;

/** The problems of a message of its own, without the path of its file. */
async function problems(kind: "event" | "notification", changes: object, example = {}): Promise<readonly string[]> {
  const { properties, ...others } = changes as { readonly properties: object };
  const found = await problemsOf({
    "catalogue.json": { name: "shop" },
    [`${kind}s/ping.json`]: {
      title: "Ping",
      description: "A message of its own.",
      ...object,
      properties: { [`${kind}_type`]: { const: "ping" }, ...properties },
      examples: [{ [`${kind}_type`]: "ping", ...example }],
      required: [`${kind}_type`],
      ...others,
    },
  });
  return found.map((problem) => problem.replace(/^schemas\/\w+\/ping\.json:/, ""));
}

describe("a message whose schema accepts what a publisher may not write", () => {
  it("is refused where a constant that is filled in needs another property", async () => {
    const properties = { mode: { const: "x" }, extra: { type: "string" } };
    const whole = { mode: "x", extra: "a" };
    expect(await problems("event", { properties, dependentRequired: { mode: ["extra"] } }, whole)).toEqual([
      '9:13 /properties/mode: its schema accepts {"event_type":"ping"}, and a publisher may not write that: with "mode" filled in, it must have extra if it has mode, got an object',
    ]);
  });

  it("is refused where a default that is filled in meets a condition", async () => {
    const changes = {
      properties: { level: { type: "integer", default: 5 }, why: { type: "string" } },
      if: { properties: { level: { const: 5 } }, required: ["level"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["why"] },
    };
    expect(await problems("event", changes, { level: 1 })).toEqual([
      '9:14 /properties/level: its schema accepts {"event_type":"ping"}, and a publisher may not write that: with "level" filled in, why is required',
    ]);
  });
});

describe("a message that does not come back as it was written", () => {
  it("is refused where a notification has a name that its announcement has, too", async () => {
    expect(await problems("notification", { properties: { entry_id: { type: "string" } } })).toEqual([
      '9:17 /properties/entry_id: "text" is written, and nothing is read by a listener of notifications',
    ]);
  });
});

describe("a message that comes back as it was written", () => {
  it.each<readonly [what: string, property: object]>([
    ["any type", {}],
    ["null and empty texts", { type: ["string", "null"] }],
    ["texts and numbers", { type: ["string", "integer"] }],
    [
      "a nullable object with forms",
      {
        type: ["object", "null"],
        oneOf: [
          { ...object, properties: { a: {} }, required: ["a"] },
          { ...object, properties: { b: {} }, required: ["b"] },
        ],
      },
    ],
    [
      "names that objects inherit",
      {
        ...object,
        properties: { constructor: {}, toString: { type: "integer" } },
        required: ["valueOf"],
        additionalProperties: true,
      },
    ],
    [
      "the name __proto__",
      JSON.parse('{"type":"object","patternProperties":{"^__proto__$":{"type":"integer"}},"required":["__proto__"]}'),
    ],
    ["constants with such names", JSON.parse('{"enum":[{"__proto__":{"x":1}},{"toString":1}]}')],
    ["negative zero", { const: -0 }],
    ["numbers at the limits", { type: "number", exclusiveMinimum: 9007199254740990 }],
    ["a pattern that no text is made for", { type: "string", pattern: "^(?=ab)(?=.*z).{5}$" }],
    ["a condition that nothing meets", { type: "string", not: { minLength: 0 } }],
    ["items that cannot be contained", { type: "array", items: { type: "string" }, contains: { minLength: 900 } }],
    ["a form that is only read", { anyOf: [{ type: "integer" }, { type: "string", tolerated: true }] }],
  ])("is accepted with %s", async (_, property) => {
    const properties = { probe: property };
    expect(await problems("event", { properties })).toEqual([]);
    expect(await problems("notification", { properties })).toEqual([]);
  });

  it("is accepted with a result of its own", async () => {
    const command = {
      description: "A command of its own.",
      ...object,
      properties: { command_type: { const: "ping" }, payload: { ...object, properties: {} } },
      $defs: { result: { oneOf: [{ ...object, properties: { a: {} }, required: ["a"] }, { type: "null" }] } },
      examples: [{ command_type: "ping", payload: {} }],
    };
    expect(await problemsOf({ "catalogue.json": { name: "shop" }, "commands/ping.json": command })).toEqual([]);
  });
});

it("refuses no message for what is tried but one with a constant that its schema refuses", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(anySchema, fc.constantFrom("event", "notification"), async (probe, kind) => {
      const found = await problems(kind, { properties: { probe } });
      expect(found.filter((problem) => tried.test(problem) && !problem.includes("filled in"))).toEqual([]);
      if (found.length === 0) accepted++;
    }),
    runs(100),
  );
  expect(accepted).toBeGreaterThan(20);
}, 60_000);
