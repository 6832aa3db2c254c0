import { describe, expect, it } from "vitest";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";

const MEBIBYTE = 2 ** 20;

describe("a text of a mebibyte", () => {
  // Each takes the regular expressions of JavaScript minutes or days.
  it.each([
    ["^\\S+@\\S+$", `${"@".repeat(MEBIBYTE)} `],
    ["\\s+$", `${" ".repeat(MEBIBYTE)}x`],
    [".*foo.*bar.*", "foo".repeat(MEBIBYTE / 3)],
    ["^.*,.*,.*$", `${",".repeat(MEBIBYTE)}\n`],
    ["^(?:a|b)*(?:a|b)*é$", "ab".repeat(MEBIBYTE / 2)],
  ])("is decided by %s", (pattern, text) => {
    for (const compile of [compileReader, compileWriter]) {
      const named = compile({ type: "object", patternProperties: { [pattern]: { type: "string" } } });
      expect(compile({ type: "string", pattern })(text)).toHaveLength(1);
      expect(compile({ type: "array", items: { type: "string", pattern }, contains: {} })([text])).toHaveLength(1);
      expect(compile({ type: "object", propertyNames: { pattern } })({ [text]: 1 })).not.toHaveLength(0);
      expect(named({ [text]: "" }) ?? []).toHaveLength(compile === compileReader ? 0 : 1);
    }
  });
});
