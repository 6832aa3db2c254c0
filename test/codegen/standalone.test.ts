import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { readConfig } from "../../codegen/load/config.js";
import { load, sourcesOf } from "../../codegen/load/load.js";
import { buildModel, type Message } from "../../codegen/model/model.js";
import { type CheckCode, checksOf } from "../../codegen/print/checks.js";
import { type CommandDescriptor, catalogue, type Descriptor } from "../../generated/index.js";
import { type Checks, checkSupport } from "../../runtime/contract/checks.js";
import { typeOf } from "../../runtime/contract/codec.js";
import { Contract } from "../../runtime/contract/contract.js";
import { type Check, compileReader, compileWriter } from "../../runtime/contract/validation.js";
import { variants } from "../support/variants.js";
import { sound, textsOf } from "./catalogue.js";
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

it("checks that look up what a value is among many find the same issues, too", () => {
  const many = <Item>(item: (at: number) => Item): Item[] => Array.from({ length: 120 }, (_, at) => item(at));
  const form = (kind: number): object => ({
    type: "object",
    properties: { kind: { const: kind }, n: { type: "integer" } },
    required: ["kind"],
  });
  const parts: Readonly<Record<string, object>> = {
    value: { enum: [...many((at) => `v${at}`), { a: 1 }] },
    constant: { const: { toString: 1 } },
    proto: { enum: [JSON.parse('{"__proto__":1}'), { text: '"__proto__":1' }] },
    protoConstant: { const: JSON.parse('{"__proto__":{"a":1}}') },
    wide: { type: "object", properties: Object.fromEntries(many((at) => [`p${at}`, { type: "integer" }])) },
    one: { oneOf: many(form) },
    any: { anyOf: many(form) },
    text: { type: "string", pattern: "\\s+$" },
  };
  const { schema, code, example } = withProperties(parts);
  const checks = evaluate(code);
  const pairs = [
    [compileWriter(schema), compileWriter(schema, checks.write)],
    [compileReader(schema), compileReader(schema, checks.read)],
  ] as const;
  const values: readonly unknown[] = [
    undefined,
    1,
    "v7",
    "x",
    "long enough ",
    { a: 1 },
    { p7: 1 },
    { p7: "x", p119: "x" },
    { toString: 1 },
    { text: '"__proto__":1' },
    JSON.parse('{"__proto__":1}'),
    JSON.parse('{"__proto__":{"a":1}}'),
  ];
  const objects: readonly unknown[] = [
    { toString: 2 },
    { kind: 7, n: 1 },
    { kind: 7, n: "x" },
    { kind: 700 },
    { kind: "7" },
    {},
  ];
  const outcomes = new Set<boolean>();
  for (const name of Object.keys(parts)) {
    for (const value of [...values, ...objects]) {
      for (const [compiled, written] of pairs) {
        const issues = compiled({ ...example, after_data: { [name]: value } });
        expect(written({ ...example, after_data: { [name]: value } })).toEqual(issues);
        outcomes.add(issues === undefined);
      }
    }
  }
  expect(outcomes.size).toBe(2);
});

/** The message of the sound catalogue with these properties: its checks as they are written, and its schema. */
function withProperties(parts: Readonly<Record<string, object>>) {
  const event = sound["events/order.placed.json"];
  const properties = { ...event.properties, after_data: { type: "object", properties: parts } };
  const sources = sourcesOf(textsOf({ ...sound, "events/order.placed.json": { ...event, properties } }), "schemas");
  const model = buildModel(sources, readConfig(sources.config).config);
  const message = model.messages.find(({ type }) => type === "order.placed") as Message;
  const { flattener } = model;
  const needed = flattener.closure(message.schema).map((one) => [one.name, flattener.definition(one)] as const);
  const schema = { ...message.schema, $defs: Object.fromEntries(needed) };
  return { schema, code: checksOf(message, model), example: event.examples[0] };
}

it("checks of a choice tell only its place after tens of thousands of forms that did not match", () => {
  const forms = Array.from({ length: 5 }, (_, at) => ({
    type: "object",
    properties: { [`a${at}`]: { type: "integer" } },
    required: [`a${at}`],
  }));
  const { schema, code, example } = withProperties({ list: { type: "array", items: { anyOf: forms } } });
  const checks = evaluate(code);
  const of = (list: readonly unknown[]): unknown => ({ ...example, after_data: { list } });
  const many = Array.from({ length: 10_000 }, () => ({ a4: 1 }));
  for (const written of [compileWriter(schema, checks.write), compileReader(schema, checks.read)]) {
    expect(written(of(many))).toBeUndefined();
    expect(written(of([...many, {}]))).toEqual([
      { path: "after_data.list[10000]", message: "must match exactly one of its forms, got an object" },
    ]);
    expect(written(of([...many.slice(0, 5), {}]))?.length).toBeGreaterThan(1);
  }
});

it("checks go through a list or an object by number, which is fast before it is optimised", () => {
  const { code } = withProperties({ list: { type: "array", items: { type: "integer" } } });
  expect(code.filter((check) => /for\s*\(\w+ \w+ of/.test(check.code))).toEqual([]);
});

/** What the generated file makes of this code. */
function evaluate(code: readonly CheckCode[]): Checks {
  const properties = code.map((check) => `${check.name}: ${check.code}`);
  return new Function("checkSupport", `return {${properties.join(",")}}`)(checkSupport) as Checks;
}

async function readJson<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(path, "utf8")) as Value;
}

it("what a form, a not or an if says of names that are not declared is checked like anything else", () => {
  const texts = { type: "object", additionalProperties: { type: "string" } };
  const ones = { type: "object", additionalProperties: { const: 1 } };
  const short = { type: "object", propertyNames: { maxLength: 1 }, additionalProperties: { const: 1 } };
  const parts: Readonly<Record<string, object>> = {
    any: { anyOf: [texts, { type: "string" }] },
    one: { oneOf: [ones, { type: "string" }] },
    short: { oneOf: [short, { type: "string" }] },
    not: { type: "object", additionalProperties: true, not: ones },
    when: { type: "object", additionalProperties: true, if: ones, else: { required: ["b"] } },
  };
  const taken: Readonly<Record<string, unknown>> = {
    any: { a: "x" },
    one: { a: 1 },
    short: { a: 1 },
    not: { a: 2 },
    when: { a: 1 },
  };
  const refused: Readonly<Record<string, unknown>> = {
    any: { a: 2 },
    one: { a: 2 },
    short: { ab: 1 },
    not: { a: 1 },
    when: { a: 2 },
  };
  const { schema, code, example } = withProperties(parts);
  const checks = evaluate(code);
  for (const check of [
    compileWriter(schema),
    compileReader(schema),
    compileReader(schema, undefined, true),
    compileWriter(schema, checks.write),
    compileReader(schema, checks.read),
  ]) {
    expect(check({ ...example, after_data: taken })).toBeUndefined();
    for (const name of Object.keys(parts)) {
      const [issue] = check({ ...example, after_data: { ...taken, [name]: refused[name] } }) ?? [];
      expect(issue?.path).toMatch(`after_data.${name}`);
    }
  }
});
