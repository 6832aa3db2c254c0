import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { Judge } from "../../../codegen/check/judge.js";
import { Samples } from "../../../codegen/check/sample.js";
import { contractsOf } from "../../../codegen/index.js";
import { readConfig } from "../../../codegen/load/config.js";
import { load } from "../../../codegen/load/load.js";
import { buildModel } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { lookUpAllowed } from "../../../runtime/contract/allowed-values.js";
import type { PlainMessage } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { formats } from "../../../runtime/contract/format.js";
import { generated, problemsOf } from "../catalogue.js";
import { Scratch } from "../scratch.js";
import { accepted, catalogueOf, fields, refused } from "./members.js";

describe("a hostile schema that is accepted, written and read as it says", () => {
  it.each(accepted.map(([what, probe, more = {}]) => ({ what, probe, more })))("$what", async ({ probe, more }) => {
    const files = catalogueOf(probe, more);
    expect(await problemsOf(files)).toEqual([]);
    await using scratch = await Scratch.create(files);
    const [descriptor] = await contractsOf(load(scratch.path("schemas")));
    const sources = load(scratch.path("schemas"));
    const model = buildModel(sources, readConfig(sources.config).config);
    const judge = new Judge((name) => {
      const found = model.byName.get(name);
      return found && model.flattener.definition(found);
    });
    const ajv = new Ajv2020({ allErrors: true, strict: false, ownProperties: true, formats: { ...formats } });
    ajv.opts.unevaluated = false;
    // Its own comparison throws on an object with a property `toString`.
    lookUpAllowed(ajv);
    for (const { path, value } of sources.schemas) ajv.addSchema(value as object, `file:///schemas/${path}`);
    const plain = ajv.getSchema("file:///schemas/events/order.placed.json");
    if (descriptor === undefined) throw new Error("The catalogue has no message.");
    const contract = contractOf(descriptor);
    const values = new Samples(model, judge).of(descriptor.schema as Schema) as readonly PlainMessage[];
    expect(values.some((value) => Object.hasOwn(value, "probe"))).toBe(true);
    for (const value of values) {
      expect([value, plain?.(value)]).toEqual([value, true]);
      for (const encoding of more === fields ? (["json", "fields"] as const) : (["json"] as const)) {
        expect(contract.read(contract.write(value, encoding))).toStrictEqual(value);
      }
    }
  });

  it("has types that pass the strictest TypeScript", async () => {
    await using scratch = await Scratch.create({});
    for (const [at, [, probe, more]] of accepted.entries()) {
      for (const [path, file] of await generated(catalogueOf(probe, { ...more, "catalogue.json": { name: "shop" } }))) {
        await scratch.write(`generated/n${at}/${path}`, file);
      }
    }
    expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
  }, 120_000);
});

describe("a hostile schema that is refused", () => {
  it.each(refused.map(([what, probe, problem, more = {}]) => ({ what, probe, problem, more })))(
    "by a rule at its place: $what",
    async ({ probe, problem, more }) => {
      const problems = await problemsOf(catalogueOf(probe, more));
      expect(problems).toEqual([expect.stringContaining(`/properties/probe${problem}`)]);
    },
  );
});
