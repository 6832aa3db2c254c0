import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { checkStructure } from "../../codegen/check/structure.js";
import { readConfig } from "../../codegen/load/config.js";
import { load } from "../../codegen/load/load.js";
import { Source } from "../../codegen/load/source.js";
import { bannedKeywords, keywords } from "../../codegen/schema/keyword.js";
import { lintRules } from "../../codegen/schema/lint-rule.js";
import { sound } from "./catalogue.js";
import { repository } from "./scratch.js";

interface MetaSchema {
  readonly definitions: { readonly schema: { readonly properties: Readonly<Record<string, object>> } };
}

interface LintProperties {
  readonly properties: object;
}

interface CatalogueMetaSchema {
  readonly properties: { readonly lint: LintProperties };
}

function read(name: string): object {
  return JSON.parse(readFileSync(`${repository}codegen/templates/${name}.meta.json`, "utf8")) as object;
}

const ajv = new Ajv({ allowUnionTypes: true, formats: { regex: isRegex } });
const meta = read("schema");
const accepts = ajv.compile(meta);

function isRegex(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

describe("the meta-schema of schema files", () => {
  it("knows the keywords that the generator knows, and no others", () => {
    const known = Object.keys((meta as MetaSchema).definitions.schema.properties);
    expect(known.sort()).toEqual([...keywords.keys()].sort());
    for (const [keyword, { description }] of Object.entries(
      (meta as MetaSchema).definitions.schema.properties as Record<string, { description?: string }>,
    )) {
      expect(description, keyword).toMatch(/\.$/);
    }
    for (const keyword of [...bannedKeywords.keys(), "sensitiv"])
      expect(accepts({ [keyword]: {} }), keyword).toBe(false);
  });

  const values: readonly unknown[] = [
    ...[true, false, 0, 1, -1, 1.5, "", "text", "string", "email", "(", "^a$", null, [], {}, ["a"], ["a", "a"]],
    ...[["string", "null"], ["nonsense"], [1], [{}], [{ type: "nonsense" }], [true], { a: {} }, { a: true }, { a: 1 }],
    ...[
      { a: ["b"] },
      { a: ["b", "b"] },
      { a: "b" },
      { "(": {} },
      { type: "string" },
      { type: "strin" },
      { minLenght: 1 },
    ],
    ...[
      { "unbounded-text": "a free text" },
      { "unbounded-text": " " },
      { "unbounded-txt": "a free text" },
      { __proto__: null, a: {} },
      JSON.parse('{"__proto__":{}}') as unknown,
      "https://json-schema.org/draft/2020-12/schema",
    ],
  ];

  it.each([...keywords.keys()])("accepts the values of %s that the generator accepts", (keyword) => {
    for (const value of values) {
      // A form of a choice, since nothing else can be tolerated.
      const schema = { anyOf: [{ [keyword]: value }, { type: "null" }] };
      const source = new Source("types/a.json", "types/a.json", JSON.stringify(schema));
      const problems = checkStructure(source).filter(({ rule }) => rule !== "dialect");
      const isDialect = keyword !== "$schema" || value === values.at(-1);
      expect(accepts(source.value), source.text).toBe(problems.length === 0 && isDialect);
    }
  });

  it("accepts every schema of M-ERP's catalogue", () => {
    for (const { shownPath, value } of load(`${repository}schemas`).schemas) {
      expect(accepts(value), `${shownPath} ${JSON.stringify(accepts.errors)}`).toBe(true);
    }
  });

  it("finds a misspelt keyword deep within", () => {
    expect(accepts({ properties: { a: { items: { anyOf: [{ sensitve: true }] } } } })).toBe(false);
    expect(accepts(sound["types/order.json"])).toBe(true);
  });
});

it("know every rule of the lint", () => {
  const levels = (read("catalogue") as CatalogueMetaSchema).properties.lint.properties;
  const reasons = (meta as MetaSchema).definitions.schema.properties["lintIgnore"] as LintProperties;
  expect(Object.keys(levels)).toEqual([...lintRules]);
  expect(Object.keys(reasons.properties)).toEqual([...lintRules]);
});

describe("the meta-schema of catalogue.json", () => {
  const acceptsSettings = ajv.compile(read("catalogue"));

  it.each([
    { name: "shop" },
    { name: "Shop" },
    { encoding: "fields", output: "../generated", runtime: "../runtime/index.js", description: "x" },
    { encoding: "xml" },
    { output: "" },
    { runtime: "a b" },
    { encodng: "json" },
    { checks: "standalone" },
    { checks: "none" },
    { lint: { "unbounded-text": "off", "closed-enum": "error" } },
    { lint: { "unbounded-text": "of" } },
    { lint: { "unbounded-txt": "off" } },
    { lint: "off" },
    {},
    [],
  ])("accepts %j if the generator does", (settings) => {
    const { problems } = readConfig(new Source("catalogue.json", "catalogue.json", JSON.stringify(settings)));
    expect(acceptsSettings(settings)).toBe(problems.length === 0);
  });
});
