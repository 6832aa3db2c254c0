import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import { checksOf } from "../../../codegen/print/checks.js";
import { checkSupport } from "../../../runtime/contract/checks.js";
import { areEqual } from "../../../runtime/contract/equal.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { sound, textsOf } from "../../codegen/catalogue.js";
import { runs } from "../../support/runs.js";

const inherited = ["valueOf", "toString", "constructor", "hasOwnProperty", "__proto__"];
const named = (name: string): unknown => JSON.parse(`{"${name}":1}`);

describe("a constant that is an object", () => {
  it.each(inherited)("is compared with an object that has a property %s", (name) => {
    for (const schema of [{ const: { a: 1 } }, { enum: [{ a: 1 }, "b"] }]) {
      const message = `must be ${"const" in schema ? "" : "one of "}`;
      for (const check of [compileReader(schema), compileWriter(schema)]) {
        expect(check(named(name))).toEqual([{ path: "", message: expect.stringContaining(message) }]);
        expect(check({ a: 1 })).toBeUndefined();
      }
    }
  });

  it.each(inherited)("may itself have a property %s", (name) => {
    for (const schema of [{ const: named(name) }, { enum: [named(name), "b"] }]) {
      for (const check of [compileReader(schema), compileWriter(schema)]) {
        expect(check(named(name))).toBeUndefined();
        expect(check({ a: 1 })).toHaveLength(1);
      }
    }
  });

  it("is compared likewise by checks that are written at generation time", () => {
    const event = sound["events/order.placed.json"];
    const properties = { ...event.properties, one: { const: { a: 1 } }, of: { enum: [{ a: 1 }, "b"] } };
    const files = { ...sound, "events/order.placed.json": { ...event, properties } };
    const model = buildModel(sourcesOf(textsOf(files), "schemas"), readConfig(undefined).config);
    const [message] = model.messages;
    for (const { code } of message === undefined ? [] : checksOf(message, model)) {
      const check = new Function("checkSupport", `return ${code}`)(checkSupport) as (value: unknown) => boolean;
      const [example] = event.examples;
      expect(check({ ...example, one: { a: 1 }, of: { a: 1 } })).toBe(true);
      for (const name of inherited) {
        expect(check({ ...example, one: named(name) })).toBe(false);
        expect(check({ ...example, of: named(name) })).toBe(false);
      }
    }
  });
});

it("are equal only if their JSON is, whatever the order of their names", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(0, 1, "1", null, true),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", ...inherited), tie("value"), { maxKeys: 2, noNullPrototype: true }),
    ),
  }))["value"] as fc.Arbitrary<unknown>;
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return { entries: entries.map(([name, inner]) => [name, sorted(inner)]) };
  };
  fc.assert(
    fc.property(json, json, (one, other) => {
      expect(areEqual(one, other)).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
      expect(areEqual(one, JSON.parse(JSON.stringify(one)))).toBe(true);
    }),
    runs(1000),
  );
});
