import { describe, expect, it } from "vitest";
import { compareNames, printImports, specifier } from "../../../codegen/typescript/import.js";

describe("the imports of a generated file", () => {
  it("are those of packages, then of distant folders, then of its own folder, each by name", () => {
    const from = ["./b.js", "../types/a.js", "./a.js", "../../x/z.js", "b-package", "../x/a.js", "a-package"];
    const printed = printImports(from.map((module) => ({ from: module, values: ["x"] })));
    expect(printed.map((line) => line.replace(/.*"(.*)".*/, "$1"))).toEqual([
      ...["a-package", "b-package"],
      ...["../../x/z.js", "../types/a.js", "../x/a.js", "./a.js", "./b.js"],
    ]);
  });

  it("name values and types together, or types alone, or nothing at all", () => {
    expect(
      printImports([
        { from: "./a.js", values: ["b", "d"], types: ["C", "A"] },
        { from: "./b.js", types: ["B", "A"] },
        { from: "./c.js" },
        { from: "./d.js", values: [], types: [] },
      ]),
    ).toEqual(['import { type A, b, type C, d } from "./a.js";', 'import type { A, B } from "./b.js";']);
  });

  it("name a file relative to the importing one", () => {
    expect(specifier("events/a", "types/b")).toBe("../types/b.js");
    expect(specifier("events/a", "events/b")).toBe("./b.js");
    expect(specifier("a", "events/b")).toBe("./events/b.js");
  });

  it("are sorted letter by letter without regard to case, capitals first", () => {
    const sorted = ["A", "Ab", "AC", "a", "aB", "B", "b", "ba"];
    expect(sorted.toReversed().sort(compareNames)).toEqual(sorted);
    expect(compareNames("same", "same")).toBe(0);
  });
});
