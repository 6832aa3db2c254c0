import fc from "fast-check";
import pc from "picocolors";
import { expect, it } from "vitest";
import { columnsOf, widthOf, wrapped } from "../../../codegen/cli/column.js";
import { excerptOf } from "../../../codegen/cli/excerpt.js";
import { describeProblem } from "../../../codegen/cli/problem-text.js";
import type { Reported } from "../../../codegen/cli/reported.js";
import { runs } from "../../support/runs.js";

/** The line and the marks below it. */
function excerpt(line: string, column: number, width: number): readonly string[] {
  const { line: shown = "", marks = "" } = excerptOf(line, { column, width }) ?? {};
  return [shown, marks];
}

it("marks what is at a place", () => {
  expect(excerpt('  "type": "strin",', 3, 80)).toEqual(['  "type": "strin",', "  ^^^^^^"]);
  expect(excerpt('  "type": "strin",', 11, 80)).toEqual(['  "type": "strin",', "          ^^^^^^^"]);
  expect(excerpt('  "a\\"b": -1.5e3,', 11, 80)).toEqual(['  "a\\"b": -1.5e3,', `          ${"^".repeat(6)}`]);
  expect(excerpt("{", 1, 80)).toEqual(["{", "^"]);
  expect(excerpt("{", 2, 80)).toEqual(["{", " ^"]);
  expect(excerpt("", 1, 80)).toEqual(["", "^"]);
  expect(excerptOf("{", { column: 9, width: 80 })).toBeUndefined();
});

it("cuts a long line around the place", () => {
  const long = `{ "first": { "type": "string" }, "second": { "type": "strin" }, "third": { "type": "string" } }`;
  expect(excerpt(long, 54, 40)).toEqual(['…: { "type": "strin" }, "third": { "typ…', "             ^^^^^^^"]);
  expect(excerpt(`${" ".repeat(40)}"a": "b"`, 46, 20)).toEqual(['"a": "b"', "     ^^^"]);
  expect(excerpt(`"${"x".repeat(99)}"`, 1, 10)).toEqual(['"xxxxxxxx…', "^^^^^^^^^^"]);
  const minified = `{${'"a":1,'.repeat(200_000)}"b":2}`;
  expect(excerpt(minified, minified.length - 5, 30)[0]).toMatch(/^….*,"b":2\}$/);
});

it("shows what a terminal would obey as an escape, tabs as spaces, and marks below wide characters", () => {
  expect(excerpt('\t\t"a": "\u001b[2J"', 8, 80)).toEqual(['    "a": "\\u001b[2J"', `         ${"^".repeat(11)}`]);
  expect(excerpt('"数": "x"', 6, 80)).toEqual(['"数": "x"', "      ^^^"]);
  expect(columnsOf("e\u0301👍")).toBe(3);
});

it("is never wider than it may be, and never obeyed", () => {
  const pieces = fc.constantFrom(
    '"',
    "{",
    "数",
    "👍",
    "e\u0301",
    "\t",
    "\u001b[2J",
    "\u202e",
    "a",
    " ",
    "::",
    "##[",
    "\\",
    "1",
  );
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 60 }),
      fc.nat(80),
      fc.integer({ min: 16, max: 60 }),
      (made, at, width) => {
        const line = made.join("");
        const shown = excerptOf(line, { column: Math.min(at, line.length) + 1, width });
        expect(shown).toBeDefined();
        expect(columnsOf(shown?.line ?? "")).toBeLessThanOrEqual(width);
        expect(shown?.marks).toMatch(/^ *\^+$/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
        expect(shown?.line).not.toMatch(/[\u0000-\u001f\u202e]|##\[/);
      },
    ),
    runs(300),
  );
});

it("reads well in forty columns", () => {
  const line = '    "kind": { "type": "strin", "description": "What kind of order it is." },';
  const problem: Reported = {
    file: "schemas/events/order.placed.json",
    line: 12,
    column: 23,
    pointer: "/properties/kind/type",
    rule: "unknown-type",
    sentence: '"strin" is not a type of JSON Schema',
    suggestion: '"string"',
  };
  const text = describeProblem(problem, line, { colours: pc.createColors(false), width: 40, all: false });
  expect(text.split("\n")).toEqual([
    'error[unknown-type]: "strin" is not a',
    "  type of JSON Schema",
    "  --> schemas/events/order.placed.json:12:23",
    "      /properties/kind/type",
    '12 | …{ "type": "strin", "description":…',
    "   |            ^^^^^^^",
    '   = did you mean "string"?',
    "",
  ]);
  expect([widthOf({ isTTY: true, columns: 40 }), widthOf({ isTTY: true, columns: 0 })]).toEqual([40, undefined]);
  expect(wrapped("averylongwordthatfitsnowhere and more", 10)).toBe("averylongwordthatfitsnowhere\n  and more");
});
