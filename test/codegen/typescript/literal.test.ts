import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LINE_WIDTH,
  printKey,
  printList,
  printLiteral,
  printOnOneLine,
  printProperties,
} from "../../../codegen/typescript/literal.js";

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

  it("fills its line to the last character, with what stands before and after it", () => {
    const list = ["x".repeat(50), "y".repeat(50)];
    const oneLine = JSON.stringify(list).replace(",", ", ");
    const room = LINE_WIDTH - oneLine.length;
    const lines = ["[", `    "${list[0]}",`, `    "${list[1]}",`, "  ]"].join("\n");
    expect(printLiteral(list, room - 1)).toBe(oneLine);
    expect(printLiteral(list, room, 2)).toBe(lines);
    expect(printLiteral(list, room - 2, 2, 2)).toBe(oneLine);
    expect(printLiteral(list, room - 2, 2, 3)).toBe(lines);
    expect(printLiteral("x".repeat(130))).toBe(`"${"x".repeat(130)}"`);
  });

  it("has one item a line where it is a list of objects or lists with more than one entry each", () => {
    const rows = (...items: readonly unknown[]): number => printLiteral({ list: items }).split("\n").length;
    expect(rows({ a: 1, b: 2 }, { a: 3, b: 4 })).toBe(6);
    expect(rows([1, 2], [3, 4])).toBe(6);
    expect(rows({ a: 1, b: 2 })).toBe(1);
    expect(rows([1, 2], { a: 3, b: 4 })).toBe(1);
    expect(rows([1, 2], [3])).toBe(1);
    expect(rows({ a: 1, b: 2 }, { a: 3 })).toBe(1);
    expect(rows(1, 2)).toBe(1);
    expect(
      rows([
        [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      ]),
    ).toBe(10);
  });

  it("says which type a value is exactly", () => {
    expect(printOnOneLine({ a: [{}, []], "b c": null })).toBe('{ a: [{}, []], "b c": null }');
    expect(printOnOneLine([true, 1.5, "a\u2028"])).toBe('[true, 1.5, "a\\u2028"]');
  });

  it("has its properties one a line", () => {
    const long = ["x".repeat(60), "y".repeat(60)];
    expect(printProperties({ a: 1, "b-c": long }, 2)).toEqual([
      "  a: 1",
      `  "b-c": [\n    "${long[0]}",\n    "${long[1]}",\n  ]`,
    ]);
    expect(printProperties([1], 2)).toEqual([]);
  });
});

describe("a list", () => {
  it("stays on one line where it fits, and else has one item a line", () => {
    const [one, other] = ["x".repeat(57), "y".repeat(56)];
    expect(printList("f(", ["a", "b"], ");")).toBe("f(a, b);");
    expect(printList("import {", ["a", "b"], "};")).toBe("import { a, b };");
    expect(printList("f(", [one, other], ");", 1)).toBe(`f(${one}, ${other});`);
    expect(printList("f(", [one, other], ");", 2)).toBe(`f(\n    ${one},\n    ${other},\n  );`);
  });
});

describe("the name of a property", () => {
  it.each([
    ["name", "name"],
    ["$a_B9", "$a_B9"],
    ["_", "_"],
    ["9a", '"9a"'],
    ["a-b", '"a-b"'],
    ["é", '"é"'],
    ["", '""'],
    ["__proto__", '["__proto__"]'],
    ["constructor", "constructor"],
  ])("is in quotes only where it must be: %s", (name, key) => {
    expect(printKey(name)).toBe(key);
  });
});
