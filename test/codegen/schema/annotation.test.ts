import { describe, expect, it } from "vitest";
import { faultsOf } from "../../../codegen/schema/keyword-value.js";

describe("the value of an annotation of ours", () => {
  it.each([
    [
      "sunset",
      "must be a day as YYYY-MM-DD",
      ["2026-02-30", "2026-1-01", "2026-13-01", "x2026-01-01", "2026-01-01T00:00:00Z", "2026-01-011", 20260101],
      ["2026-02-28", "2028-02-29"],
    ],
    [
      "replacedBy",
      "must be a name: letters, digits, `.`, `_` and `-`",
      ["a b", "", "-a", "a/b", " a", 5],
      ["a", "order.placed.v2", "_x-1"],
    ],
    ["encrypt", 'must be true, "read" or "write"', [false, "both", 1, null], [true, "read", "write"]],
    [
      "subject",
      "must be the path to a field, such as entity_id, payload.user_id or user:payload.id, or a list of them",
      [[], "", "a..b", "a:b:c", "A:b", "a b", ".a", "a.", " a", ["a", 5], ["a", ""]],
      ["entity_id", "payload.user_id", "user:payload.id", "u-1_x:a.b.c", ["a", "user:b"]],
    ],
    ["tolerated", "must be true or false", ["yes", 1], [true, false]],
    ["title", "must be a string", [5, null, ["a"]], ["", "Any text."]],
    ["examples", "must be a non-empty array", [[], "a", { 0: "a", length: 1 }], [[null], ["a", "a"]]],
  ])("is of its form: %s", (keyword, sentence, wrong, right) => {
    for (const value of wrong) {
      expect([value, faultsOf(keyword, value)]).toEqual([value, [{ path: [], rule: "keyword-value", sentence }]]);
    }
    for (const value of right) expect([value, faultsOf(keyword, value)]).toEqual([value, []]);
  });

  it("is an exception of a rule that there is, with its reason", () => {
    expect(faultsOf("lintIgnore", { "unbounded-text": "a free text" })).toEqual([]);
    expect(faultsOf("lintIgnore", { "unbounded-text": "" })).toEqual([
      {
        path: ["unbounded-text"],
        rule: "keyword-value",
        sentence: "must be the reason of the exception, in a text",
      },
    ]);
  });

  it("may be anything where it is a value of the schema", () => {
    for (const value of [null, [], {}, "a", 0]) expect(faultsOf("default", value)).toEqual([]);
    expect(faultsOf("x-of-others", { a: 1 })).toEqual([]);
  });
});

const SUPPORTED = "supported are date-time, date, time, email, hostname, ipv4, ipv6, uri, uuid";
const TOO_LARGE = "has repetitions of too many characters to tell how long they take; make them shorter";

describe("the meaning of a value", () => {
  it("is a format that is known, and no name that objects inherit", () => {
    for (const format of ["date-time", "uuid"]) expect(faultsOf("format", format)).toEqual([]);
    expect(faultsOf("format", "toString")).toMatchObject([
      { path: [], rule: "unknown-format", sentence: `"toString" is not a supported format; ${SUPPORTED}` },
    ]);
    expect(faultsOf("format", "uid")).toMatchObject([{ suggestion: '"uuid"' }]);
    expect(faultsOf("format", 5)).toMatchObject([{ rule: "keyword-value", sentence: "must be a string" }]);
  });

  it("is known to be a type at each place of a list", () => {
    expect(faultsOf("type", ["string", "strng", "null"])).toEqual([
      {
        path: ["1"],
        rule: "unknown-type",
        sentence: '"strng" is not a type of JSON Schema',
        suggestion: '"string"',
      },
    ]);
  });

  it("is a pattern that can be judged", () => {
    const repetitions = `^(?:${"[a-z]{8}[0-9]{8}".repeat(20)})*$`;
    expect(faultsOf("pattern", repetitions)).toEqual([{ path: [], rule: "backtracking", sentence: TOO_LARGE }]);
    expect(faultsOf("patternProperties", { a: {}, [repetitions]: {} })).toMatchObject([{ path: [repetitions] }]);
  });

  it.each(["$defs", "properties", "dependentSchemas", "patternProperties"])(
    "is no name that JavaScript has for the prototype: %s",
    (keyword) => {
      const sentence = "cannot be a property name in JavaScript";
      const given: unknown = JSON.parse('{ "a": {}, "__proto__": {} }');
      expect(faultsOf(keyword, given)).toMatchObject([
        { path: ["__proto__"], rule: "property-name", sentence: expect.stringContaining(sentence) as string },
      ]);
      expect(faultsOf(keyword, { a: {} })).toEqual([]);
    },
  );
});
