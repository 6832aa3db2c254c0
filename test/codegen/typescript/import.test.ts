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

  it("name a single value alone, and each name once, as a value if it is one", () => {
    expect(
      printImports([
        { from: "./a.js", values: ["a"] },
        { from: "./b.js", values: ["A"], types: ["A", "B"] },
      ]),
    ).toEqual(['import { a } from "./a.js";', 'import { A, type B } from "./b.js";']);
  });

  it("have one name a line where they do not fit on one", () => {
    const types = ["x".repeat(50), "y".repeat(50)];
    expect(printImports([{ from: "./a-file.js", types }])).toEqual([
      `import type {\n  ${types[0]},\n  ${types[1]},\n} from "./a-file.js";`,
    ]);
  });

  it("are the same each time, also where many files import the same", () => {
    const [values, types] = [
      ["a", "b"],
      ["C", "D"],
    ];
    for (const from of ["./a.js", "./b.js", "./a.js"]) {
      expect(printImports([{ from, values, types }])).toEqual([`import { a, b, type C, type D } from "${from}";`]);
      expect(printImports([{ from, types: [...values, ...types] }])).toEqual([
        `import type { a, b, C, D } from "${from}";`,
      ]);
      expect(printImports([{ from, values: [...values, ...types] }])).toEqual([
        `import { a, b, C, D } from "${from}";`,
      ]);
    }
  });

  it("name a file relative to the importing one", () => {
    expect(specifier("events/a", "types/b")).toBe("../types/b.js");
    expect(specifier("events/a", "events/b")).toBe("./b.js");
    expect(specifier("a", "events/b")).toBe("./events/b.js");
    expect(specifier("a/b/c", "d")).toBe("../../d.js");
    expect(specifier("a/b/c", "a/d/e")).toBe("../d/e.js");
    expect(specifier("a/b/c", "a/f")).toBe("../f.js");
  });

  it("are sorted letter by letter without regard to case, capitals first", () => {
    const sorted = ["A", "Ab", "AC", "a", "aB", "B", "b", "ba"];
    expect(sorted.toReversed().sort(compareNames)).toEqual(sorted);
    expect(compareNames("same", "same")).toBe(0);
  });
});
