import fc from "fast-check";
import { expect, it } from "vitest";
import type { Schema } from "../../../codegen/schema/schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { runs } from "../../support/runs.js";
import { problemsOf, sound } from "../catalogue.js";
import { Scratch } from "../scratch.js";
import { anySchema, plainSchema } from "./schema.js";
import { valuesOf, wrongValuesOf } from "./value.js";

/** Values of one type at most, so that the types are many. */
const VALUES = 12;

/** Schemas with a name for each, without those that a catalogue may not have. */
async function typesOf(schemas: readonly Schema[], prefix: string): Promise<ReadonlyMap<string, Schema>> {
  const all = schemas.map((schema, at) => [`${prefix}${at}`, schema] as const);
  const files = all.map(([name, schema]) => [`types/${name}.json`, { title: name, ...schema }]);
  const problems = await problemsOf({ ...sound, ...Object.fromEntries(files) });
  const refused = new Set(problems.map((problem) => /types\/(\w+)\.json/.exec(problem)?.[1]));
  return new Map(all.filter(([name]) => !refused.has(name)));
}

it("is a type to which every valid value can be assigned, and none that types can tell is wrong", async () => {
  const { numRuns, seed } = runs(300);
  const plain = await typesOf(fc.sample(plainSchema, { numRuns, seed }), "Plain");
  const any = await typesOf(fc.sample(anySchema, { numRuns, seed }), "Any");
  const lines: string[] = [];
  const counts = { valid: 0, wrong: 0 };
  const assign = (name: string, value: unknown): number =>
    lines.push(`export const v${lines.length}: ${name} = ${JSON.stringify(value)};`);

  for (const [name, schema] of [...plain, ...any]) {
    const [writes, reads] = [compileWriter(schema), compileReader(schema)];
    const valid = valuesOf(schema).filter((value) => writes(value) === undefined);
    for (const value of valid.slice(0, VALUES)) {
      expect(reads(value)).toBeUndefined();
      counts.valid++;
      assign(name, value);
    }
    if (!plain.has(name)) continue;
    expect([name, valid.length > 0]).toEqual([name, true]);
    for (const value of wrongValuesOf(schema, valid[0]).slice(0, VALUES)) {
      expect([value, writes(value)?.length]).not.toEqual([value, undefined]);
      counts.wrong++;
      lines.push("// @ts-expect-error: the schema refuses it");
      assign(name, value);
    }
  }
  expect(counts.valid).toBeGreaterThan(1500);
  expect(counts.wrong).toBeGreaterThan(800);

  const files = [...plain, ...any].map(([name, schema]) => [`types/${name}.json`, { title: name, ...schema }] as const);
  await using scratch = await Scratch.create({
    ...sound,
    "catalogue.json": { name: "shop" },
    ...Object.fromEntries(files),
  });
  expect((await scratch.merp("generate")).stderr).toBe("");
  const used = new Set(lines.map((line) => /: (\w+) = /.exec(line)?.[1]));
  const imports = files
    .filter(([, { title }]) => used.has(title))
    .map(([path, { title }]) => `import type { ${title} } from "./generated/${path.replace(".json", ".js")}";`);
  await scratch.write("service.ts", [...imports, ...lines].join("\n"));
  const { stdout } = await scratch.tsc();
  const service = [...imports, ...lines];
  const failing = [...stdout.matchAll(/service\.ts\((\d+),\d+\): (.*)/g)].map(([, line, text]) => [
    service[Number(line) - 1],
    text,
  ]);
  expect(failing.slice(0, 12)).toEqual([]);
  expect(stdout).toBe("");
}, 120_000);
