import { describe, expect, it } from "vitest";
import { exceptionFaults, isLintRule, levelFaults, lintRules } from "../../../codegen/schema/lint-rule.js";

const unknown = (rule: string): string => `"${rule}" is not a rule of the lint; the rules are ${lintRules.join(", ")}`;

describe("the levels of lint rules", () => {
  it("are known ones, of known rules", () => {
    expect(levelFaults({ "unbounded-text": "off", "event-tense": "warn", "closed-enum": "error" })).toEqual([]);
    expect(levelFaults({})).toEqual([]);
  });

  it.each([null, [], "off"])("are an object: %j", (value) => {
    const sentence = 'must be an object, as in { "unbounded-text": "off" }';
    expect(levelFaults(value)).toEqual([{ path: [], sentence }]);
  });

  it.each([
    ["warning", '"warn"'],
    ["erorr", '"error"'],
    ["of", '"off"'],
    [true, undefined],
    [3, undefined],
  ])("are told from other words: %j", (level, suggestion) => {
    const sentence = 'must be "off", "warn" or "error"';
    expect(levelFaults({ "unbounded-list": level })).toEqual([{ path: ["unbounded-list"], sentence, suggestion }]);
  });

  it("name a rule that there is", () => {
    expect(levelFaults({ "unbounded-txt": "off", "closed-enum": "off" })).toEqual([
      { path: ["unbounded-txt"], sentence: unknown("unbounded-txt"), suggestion: '"unbounded-text"', at: "key" },
    ]);
  });
});

describe("the exceptions from lint rules", () => {
  it("have a reason", () => {
    expect(exceptionFaults({ "unbounded-text": "a free text" })).toEqual([]);
    for (const reason of ["", " ", 5, null]) {
      const sentence = "must be the reason of the exception, in a text";
      expect(exceptionFaults({ "unbounded-text": reason })).toEqual([{ path: ["unbounded-text"], sentence }]);
    }
  });

  it.each([null, [], "why", {}])("are an object of at least one: %j", (value) => {
    const sentence = 'must be an object of rules with reasons, as in { "unbounded-text": "a free text" }';
    expect(exceptionFaults(value)).toEqual([{ path: [], sentence }]);
  });

  it("name a rule that there is", () => {
    expect(exceptionFaults({ something: "why" })).toEqual([
      { path: ["something"], sentence: unknown("something"), suggestion: undefined, at: "key" },
    ]);
    expect(lintRules.every(isLintRule)).toBe(true);
    expect(isLintRule("toString")).toBe(false);
  });
});
