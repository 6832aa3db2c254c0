import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { check } from "../../../codegen/check/check.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import { annotations, keywords } from "../../../codegen/schema/keyword.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { textsOf } from "../catalogue.js";
import { typed } from "./typed.js";

/** A schema of the official suite with some of its values, and the rules that refuse it, if any do. */
interface Case {
  readonly about: string;
  readonly schema: Schema;
  readonly valid: readonly unknown[];
  readonly invalid: readonly unknown[];
  readonly refused?: readonly string[];
}

const folder = new URL("./", import.meta.url);

function read(file: string): readonly Case[] {
  const lines = readFileSync(new URL(file, folder), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Case);
}

const files = readdirSync(folder).filter((file) => file.endsWith(".jsonl"));
const cases = files.flatMap(read);

/** Values about which a reader differs from the suite, each with the reason. */
const differences: readonly (readonly [about: string, value: unknown, reason: string])[] = [
  ["format: date-time", "1963-06-19 08:30:06", "A reader takes what a database writes: it needs neither T nor zone."],
];

/** The rules that refuse a schema, and the flat one. */
async function examine(schema: unknown): Promise<{ readonly rules: readonly string[]; readonly flat: Schema }> {
  const sources = sourcesOf(textsOf({ "types/case.json": schema }), "schemas");
  const model = buildModel(sources, readConfig(undefined).config);
  const problems = await check(sources, model);
  const $defs = Object.fromEntries(model.definitions.map((found) => [found.name, model.flattener.definition(found)]));
  return { rules: [...new Set(problems.map(({ rule }) => rule))].sort(), flat: { ...$defs["Case"], $defs } };
}

/** Without the metaschema, which would take longer to compile than everything else. */
const options = { strict: false, validateFormats: false, ownProperties: true, meta: false, validateSchema: false };

/** What plain Ajv says of a schema as it is written. It checks no formats. */
function plain(schema: Schema): (value: unknown) => boolean {
  const ajv = new Ajv2020(options);
  return ajv.compile(schema) as (value: unknown) => boolean;
}

if (process.env["UPDATE_CASES"] === "1") await update();

/** Writes the rules that refuse each schema now. */
async function update(): Promise<void> {
  for (const file of files) {
    const lines = read(file).map(async ({ refused: _, ...one }) => {
      const { rules } = await examine(one.schema);
      return `${JSON.stringify(rules.length === 0 ? one : { ...one, refused: rules })}\n`;
    });
    writeFileSync(new URL(file, folder), (await Promise.all(lines)).join(""));
  }
}

describe("a schema of the official suite", () => {
  it.each(cases.filter(({ refused }) => refused !== undefined))(
    "is refused by a rule: $about",
    async ({ schema, refused }) => {
      expect((await examine(schema)).rules).toEqual(refused);
    },
  );

  it.each(cases.filter(({ refused }) => refused === undefined))(
    "is accepted, and read as the suite says: $about",
    async ({ about, schema, valid, invalid }) => {
      const { rules, flat } = await examine(schema);
      expect(rules).toEqual([]);
      const [reads, writes, accepts] = [compileReader(flat), compileWriter(flat), plain(schema)];
      for (const [values, verdict] of [
        [valid, true],
        [invalid, false],
      ] as const) {
        for (const value of values) {
          const differs = differences.some(([name, other]) => name === about && other === value);
          expect([value, reads(value) === undefined]).toEqual([value, verdict !== differs]);
          if (schema.format === undefined) expect([value, accepts(value)]).toEqual([value, verdict]);
          if (writes(value) === undefined) expect([value, reads(value)]).toEqual([value, undefined]);
        }
      }
    },
  );

  it.each(cases.filter(({ refused = [] }) => refused.join() === "untyped-shape"))(
    "is accepted once it has types, and read as plain Ajv says: $about",
    async ({ schema, valid, invalid }) => {
      const withTypes = typed(schema);
      const { rules, flat } = await examine(withTypes);
      expect(rules).toEqual([]);
      const [reads, accepts] = [compileReader(flat), plain(withTypes)];
      for (const value of [...valid, ...invalid]) {
        expect([value, reads(value) === undefined]).toEqual([value, accepts(value)]);
      }
    },
  );

  it("is there for every keyword that refuses values", () => {
    const text = cases.map(({ schema }) => JSON.stringify(schema)).join();
    const refusing = [...keywords.keys()].filter((keyword) => !annotations.has(keyword));
    expect(refusing.filter((keyword) => !text.includes(`"${keyword}":`))).toEqual([]);
  });
});
