import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { generate } from "../../codegen/index.js";
import { formats } from "../../runtime/contract/format.js";
import { repository, Scratch, tsc } from "./scratch.js";

const schemasFolder = join(repository, "schemas");
const paths = readdirSync(schemasFolder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".json") && path !== "catalogue.json")
  .map((path) => path.replaceAll("\\", "/"))
  .sort();
const schemas = new Map(paths.map((path) => [path, JSON.parse(readFileSync(join(schemasFolder, path), "utf8"))]));

describe("M-ERP's catalogue", () => {
  it("is generated freshly into the repository", async () => {
    const { written, removed } = await generate(schemasFolder, { dryRun: true });
    expect([...written, ...removed].map(({ path }) => path)).toEqual([]);
  });

  it("compiles under the strictest TypeScript", async () => {
    expect(await tsc(repository, "--noEmit")).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("compiles likewise where it has its data left unchecked", async () => {
    const config = { "catalogue.json": { encoding: "fields" } };
    await using scratch = await Scratch.create({ ...Object.fromEntries(schemas), ...config });
    const { written } = await generate(scratch.path("schemas"), { dryRun: true });
    for (const { path, after } of written) {
      await scratch.write(`generated/${path}`, after.replace("// @ts-nocheck", "// Checked"));
    }
    expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("each schema file alone, for a plain validator of JSON Schema", () => {
  // These are annotations; a validator may ignore what it does not know.
  const ajv = new Ajv2020({
    allowUnionTypes: true,
    formats: { ...formats },
    keywords: ["sensitive", "tolerated", "lintIgnore"],
    strictTypes: false,
  });
  for (const [path, schema] of schemas) ajv.addSchema(schema, `file:///schemas/${path}`);

  it.each(paths)("%s is valid, and so are its examples", (path) => {
    const validate = ajv.getSchema(`file:///schemas/${path}`);
    expect(validate).toBeTypeOf("function");
    for (const example of schemas.get(path)?.examples ?? []) {
      validate?.(example);
      expect(validate?.errors ?? []).toEqual([]);
    }
  });

  it.each(paths)("%s refuses what is no message", (path) => {
    if (schemas.get(path)?.examples === undefined) return;
    expect(ajv.getSchema(`file:///schemas/${path}`)?.({})).toBe(false);
  });
});
