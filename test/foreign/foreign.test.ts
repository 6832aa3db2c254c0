import { describe, expect, it } from "vitest";
import { Scratch } from "../codegen/scratch.js";
import type { Maker } from "./maker.js";
import { makers } from "./makers/index.js";
import { catalogueOf, tryOut } from "./trial.js";

/** So many values of each topic are tried here; `npm run foreign` tries all. */
const VALUES = 8;

function bounded({ topics, ...maker }: Maker): Maker {
  return { ...maker, topics: topics.map((topic) => ({ ...topic, payloads: topic.payloads.slice(0, VALUES) })) };
}

describe("the catalogue of another maker", () => {
  it.each(makers)(
    "is generated, and every valid value of it is read and comes back: %o",
    async (make) => {
      const { problems, faults, valid, read, same, written, files } = await tryOut(bounded(make()));
      expect(problems).toEqual([]);
      expect(faults).toEqual([]);
      expect(valid).toBeGreaterThan(4);
      expect([read, same]).toEqual([valid, valid]);
      expect(written).toBeGreaterThan(valid * 0.95);
      expect([...files.values()].filter((text) => /: any\b/.test(text))).toEqual([]);
      const types = [...files].flatMap(([path, text]) => (path.startsWith("types/") ? text.split("\n") : []));
      expect(types.filter((line) => /^(?! *\*).* & /.test(line))).toEqual([]);
    },
    120_000,
  );

  it("passes the strictest TypeScript", async () => {
    const files = Object.assign({}, ...makers.map((make) => catalogueOf(make()))) as object;
    await using scratch = await Scratch.create({ ...files, "catalogue.json": { name: "foreign" } });
    expect((await scratch.merp("generate")).stderr).toBe("");
    expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
  }, 180_000);
});
