import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileComposer } from "../../../runtime/contract/composer.js";
import { fieldsOf } from "../../../runtime/contract/field.js";
import type { JsonSchema } from "../../../runtime/contract/json-schema.js";
import { runs } from "../../support/runs.js";

const inherited = fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype));

type Message = Record<string, unknown>;

const composed = (properties: Record<string, JsonSchema>, given: Message, filled: Message = {}): Message =>
  compileComposer(fieldsOf({ properties }))(given, filled);

describe("a message that is made whole", () => {
  it("has what was given before what the contract says, that before what the runtime knows, and a default at last", () => {
    const all = { const: "constant", default: "default" };
    expect(composed({ at: all }, { at: "given" }, { at: "filled" })).toEqual({ at: "given" });
    expect(composed({ at: all }, {}, { at: "filled" })).toEqual({ at: "constant" });
    expect(composed({ at: { default: "default" } }, {}, { at: "filled" })).toEqual({ at: "filled" });
    expect(composed({ at: { default: "default" } }, { at: undefined })).toEqual({ at: "default" });
    expect(composed({ at: {} }, { at: undefined })).toEqual({});
  });

  it("has its fields in the contract's order, and behind them what the contract does not know", () => {
    const given = { stray: 1, second: 2, gone: undefined, first: 3 };
    expect(Object.entries(composed({ first: {}, second: {} }, given))).toEqual([
      ["first", 3],
      ["second", 2],
      ["stray", 1],
    ]);
  });

  it("keeps falsy values, which are values", () => {
    const given = { zero: 0, empty: "", no: false, none: null };
    const properties = { zero: { default: 1 }, empty: { const: "x" }, no: { default: true }, none: { default: 1 } };
    expect(composed(properties, given)).toEqual(given);
  });

  it("takes whatever a field is called for a name, never for code", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof({ weight: 3, arbitrary: fc.string({ unit: "binary" }) }, inherited)),
        (names) => {
          const properties = Object.fromEntries(names.map((name) => [name, {}]));
          const given = Object.fromEntries(names.map((name, index) => [name, index]));
          expect(Object.entries(composed(properties, given))).toEqual(Object.entries(given));
          // A field that is not given is absent, also one that every object inherits.
          expect(Object.entries(composed(properties, {}))).toEqual([]);
        },
      ),
      runs(100),
    );
    expect(composed({ '"]; throw 1; //': { const: "back`tick" } }, {})).toEqual({ '"]; throw 1; //': "back`tick" });
  });
});
