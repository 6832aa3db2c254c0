import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINE_WIDTH, printLiteral } from "../../../codegen/typescript/literal.js";

describe("a value printed as a literal", () => {
  it("is the same value again when evaluated", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const evaluated: unknown = new Function(`return (${printLiteral(value)});`)();
        // Not toEqual: it takes -0 for another value than 0, and JSON knows no -0.
        expect(JSON.stringify(evaluated)).toBe(JSON.stringify(value));
      }),
    );
  });

  it("stays on one line where it fits, and else has one property a line", () => {
    expect(printLiteral({ a: 1, "b-c": ["x"] })).toBe('{ a: 1, "b-c": ["x"] }');
    const long = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`property_${at}`, at]));
    const lines = printLiteral({ long }).split("\n");
    expect(lines).toHaveLength(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(LINE_WIDTH);
  });
});
