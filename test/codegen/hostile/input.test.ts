import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { generate } from "../../../codegen/index.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import { formats } from "../../../runtime/contract/format.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { type Files, generated, textsOf } from "../catalogue.js";
import { repository, Scratch } from "../scratch.js";

/** A catalogue of one event, and either its refusals or who accepts which `after_data`. */
interface Input {
  readonly about: string;
  readonly config?: object;
  readonly schemas: Files;
  readonly outcome: { readonly refused: readonly string[] } | { readonly accepted: readonly Verdict[] };
}

interface Verdict {
  readonly value: unknown;
  readonly plain: boolean;
  readonly writer: boolean;
  readonly reader: boolean;
}

const folder = new URL("./inputs/", import.meta.url);
const EVENT = "events/probe.changed.json";
const envelope: unknown = JSON.parse(readFileSync(join(repository, "schemas/envelopes/event.json"), "utf8"));
const inputs = readdirSync(folder).map((file) => {
  const input = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Input;
  const config = { "catalogue.json": { name: "probe", ...input.config } };
  return {
    ...input,
    name: file.replace(".json", ""),
    files: { ...config, "envelopes/event.json": envelope, ...input.schemas },
  };
});
const accepted = inputs.flatMap(({ outcome, ...input }) => ("accepted" in outcome ? [{ ...input, ...outcome }] : []));
const refused = inputs.flatMap(({ outcome, ...input }) => ("refused" in outcome ? [{ ...input, ...outcome }] : []));

describe("an input that is refused, by a rule at its place", () => {
  it.each(refused)("$name: $about", async ({ name, files, refused: problems }) => {
    await using scratch = await Scratch.create(files);
    const found = await generate(scratch.path("schemas")).then(
      () => [],
      (error: { readonly problems?: readonly { readonly file: string }[]; readonly message: string }) =>
        error.message
          .replaceAll(`${scratch.path("schemas")}/`, "")
          .split("\n")
          .slice(1),
    );
    if (process.env["UPDATE_CASES"] === "1") update(name, found);
    else expect(found).toEqual(problems);
    expect(readdirSync(scratch.folder)).toEqual(["schemas"]);
  });
});

function update(name: string, found: readonly string[]): void {
  const file = new URL(`${name}.json`, folder);
  const input = JSON.parse(readFileSync(file, "utf8")) as Input;
  writeFileSync(file, `${JSON.stringify({ ...input, outcome: { refused: found } }, null, 2)}\n`);
}

describe("an input that is accepted, and then behaves as its schema says", () => {
  it.each(accepted)("$name: $about", ({ files, accepted: verdicts }) => {
    const model = buildModel(sourcesOf(textsOf(files), "schemas"), readConfig(undefined).config);
    const [message] = model.messages;
    if (message === undefined) throw new Error("The input has no message.");
    const flat = model.definitions.map((found) => [found.name, model.flattener.definition(found)]);
    const schema = { ...message.schema, $defs: Object.fromEntries(flat) };
    const [writes, reads] = [compileWriter(schema), compileReader(schema)];
    const ajv = new Ajv2020({ allErrors: true, strict: false, formats: { ...formats } });
    ajv.opts.unevaluated = false;
    for (const [path, file] of Object.entries(files)) {
      if (path !== "catalogue.json") ajv.addSchema(file as object, `file:///schemas/${path}`);
    }
    const plain = ajv.getSchema(`file:///schemas/${EVENT}`);
    const [example] =
      (files as Readonly<Record<string, { readonly examples?: readonly object[] }>>)[EVENT]?.examples ?? [];
    for (const { value, ...verdict } of verdicts) {
      const whole = { ...example, after_data: value };
      const found = { plain: plain?.(whole), writer: writes(whole) === undefined, reader: reads(whole) === undefined };
      expect([value, found]).toEqual([value, verdict]);
    }
  });
});

it("generates TypeScript that compiles from every input that is accepted, and reads nothing but the schemas", async () => {
  await using scratch = await Scratch.create({});
  for (const { name, files } of accepted) {
    for (const [path, text] of await generated(files)) await scratch.write(`generated/${name}/${path}`, text);
  }
  expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
  const constant = readFileSync(
    scratch.path(`generated/b03-ref-in-const-reads-files/${EVENT.replace("json", "ts")}`),
    "utf8",
  );
  expect(constant).toContain('link?: { $ref: "/etc/hostname.json" };');
}, 120_000);
