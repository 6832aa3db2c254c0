import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { readConfig } from "../../codegen/load/config.js";
import { load } from "../../codegen/load/load.js";
import { buildModel } from "../../codegen/model/model.js";
import { type CheckCode, checksOf } from "../../codegen/print/checks.js";
import { type CommandDescriptor, catalogue, type Descriptor } from "../../generated/index.js";
import { type Checks, checkSupport } from "../../runtime/contract/checks.js";
import { typeOf } from "../../runtime/contract/codec.js";
import { Contract } from "../../runtime/contract/contract.js";
import { type Check, compileReader, compileWriter } from "../../runtime/contract/validation.js";
import { variants } from "../support/variants.js";
import { repository } from "./scratch.js";

/** Every message with `RUNS`, else a third of them. */
const STEP = process.env["RUNS"] === undefined ? 3 : 1;

it("checks that are written at generation time find the same issues as those that are compiled", async () => {
  const sources = load(join(repository, "schemas"));
  const model = buildModel(sources, readConfig(sources.config).config);
  const vectors = ["field-vectors.json", "field-call-sites.json"].map((file) =>
    readJson<{ entries: { fields: Record<string, string> }[] }>(join(repository, "test/wire", file)),
  );
  const entries = (await Promise.all(vectors)).flatMap(({ entries: all }) => all);
  let tried = 0;

  for (const message of model.messages.filter((_, at) => at % STEP === 0)) {
    const { type } = message;
    const descriptor = catalogue.messages.find((one) => one.type === type) as Descriptor;
    const { kind, schema } = descriptor;
    const checks = evaluate(checksOf(message, model));
    const name = kind === "health" ? "health/report" : `${kind}s/${type}`;
    const { examples } = await readJson<{ examples: object[] }>(join(repository, `schemas/${name}.json`));
    const fromField = entries.flatMap(({ fields }) => {
      const flat = Object.entries(fields).flat();
      return (typeOf(flat) ?? "health.report") === type ? [new Contract(descriptor).decode(flat)] : [];
    });
    const { result } = descriptor as Partial<CommandDescriptor>;
    const pairs: (readonly [compiled: Check, written: Check])[] = [
      [compileWriter(schema), compileWriter(schema, checks.write)],
      [compileReader(schema), compileReader(schema, checks.read)],
    ];
    if (result !== undefined) {
      pairs.push([compileWriter(result), compileWriter(result, checks.writeResult)]);
      pairs.push([compileReader(result), compileReader(result, checks.readResult)]);
    }
    for (const value of [...examples, ...fromField].flatMap((example) => [...variants(example)])) {
      for (const [compiled, written] of pairs) {
        tried++;
        const [issues, found] = [compiled(value), written(value)];
        if (!isDeepStrictEqual(found, issues)) expect([type, value, found]).toEqual([type, value, issues]);
      }
    }
  }
  expect(tried).toBeGreaterThan(1000);
}, 60_000);

/** What the generated file makes of this code. */
function evaluate(code: readonly CheckCode[]): Checks {
  const properties = code.map((check) => `${check.name}: ${check.code}`);
  return new Function("checkSupport", `return {${properties.join(",")}}`)(checkSupport) as Checks;
}

async function readJson<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(path, "utf8")) as Value;
}
