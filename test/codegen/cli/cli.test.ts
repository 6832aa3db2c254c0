import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checkCommand } from "../../../codegen/cli/check.js";
import { generateCommand } from "../../../codegen/cli/generate.js";
import { sound } from "../catalogue.js";
import { type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();
const commands = { check: checkCommand, generate: generateCommand };

async function merp(
  { folder }: Scratch,
  command: keyof typeof commands,
  ...parameters: readonly string[]
): Promise<Outcome> {
  process.chdir(folder);
  try {
    return await runCommand(commands[command], ...parameters);
  } finally {
    process.chdir(home);
  }
}

describe("merp generate", () => {
  it("generates and says how much it did", async () => {
    await using scratch = await Scratch.create(sound);
    expect(await scratch.merp("generate")).toEqual({
      code: 0,
      stdout: "generated 1 message into generated: 12 written, 0 removed, 0 unchanged\n",
      stderr: "",
    });
    expect((await scratch.merp("generate")).stdout).toContain("0 written, 0 removed, 12 unchanged");
  });

  it("prints every problem and exits with 1", async () => {
    await using scratch = await Scratch.create({ ...sound, "types/a.json": { type: "strin" }, "types/b.json": "{" });
    const { code, stderr } = await merp(scratch, "generate");
    expect(code).toBe(1);
    expect(stderr.split("\n")).toEqual([
      'error[unknown-type]: "strin" is not a type of JSON Schema',
      " --> schemas/types/a.json:2:11 /type",
      '2 |   "type": "strin"',
      "  |           ^^^^^^^",
      '  = did you mean "string"?',
      "",
      expect.stringMatching(/^error\[syntax\]: invalid JSON: /),
      " --> schemas/types/b.json:1:2",
      "1 | {",
      "  |  ^",
      "",
      "invalid 2 problems; nothing was written",
      "",
    ]);
  });

  it("groups many problems by cause, shows twenty places and says how many there are", async () => {
    const properties = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`p${at}`, { minLenght: at }]));
    const many = { type: "object", properties: { ...properties, q: { type: "strin" } } };
    await using scratch = await Scratch.create({ ...sound, "types/a.json": many });
    const { stderr } = await merp(scratch, "check");
    const parts = stderr.trimEnd().split("\n\n");
    expect(parts).toHaveLength(13);
    expect(parts[9]).toContain('"minLenght" is not a keyword of JSON Schema');
    expect(parts[9]).toContain("/properties/p9/minLenght\n");
    expect(parts.slice(10)).toEqual([
      "  and 290 more places like this (unknown-keyword)",
      expect.stringContaining('"strin" is not a type of JSON Schema'),
      "invalid 301 problems; nothing was written; --all prints every place",
    ]);
    const all = await merp(scratch, "check", "--all");
    expect(all.stderr.match(/^error\[/gm)).toHaveLength(301);
    const json = await merp(scratch, "generate", "--format", "json");
    const { problems } = JSON.parse(json.stdout) as { readonly problems: readonly object[] };
    expect([json.code, json.stderr, problems.length]).toEqual([1, "", 301]);
    expect(problems.at(-1)).toEqual({
      file: "schemas/types/a.json",
      line: 905,
      column: 15,
      pointer: "/properties/q/type",
      rule: "unknown-type",
      sentence: '"strin" is not a type of JSON Schema',
      suggestion: '"string"',
    });
  }, 60_000);

  it("shows twenty causes, and says how many there are", async () => {
    const types = Object.fromEntries(
      [..."abcdefghijklmnopqrstuvwxyz"].map((key) => [`types/${key}.json`, `{"${key}": `]),
    );
    const banned = ["$id", "$anchor", "$dynamicRef", "nullable", "discriminator", "definitions", "dependencies"];
    const kinds = ["unevaluatedItems", "unevaluatedProperties", "additionalItems", "contentSchema", "$recursiveRef"];
    const idle = { minContains: 0, maxContains: 1, not: true, minLength: -1, minimum: "", $ref: 1 };
    const more = { type: [], enum: [], properties: 1, pattern: "(", $schema: "x", format: "x", required: 1 };
    const named = Object.fromEntries([...banned, ...kinds].map((key) => [key, "x"]));
    await using scratch = await Scratch.create({ ...sound, ...types, "types/_.json": { ...named, ...idle, ...more } });
    const parts = (await merp(scratch, "check")).stderr.trimEnd().split("\n\n");
    expect(parts.filter((part) => part.startsWith("error["))).toHaveLength(20);
    expect(parts.at(-2)).toMatch(/^ {2}and \d+ more causes in \d+ places$/);
  });

  it("takes the schemas from the folder that it is told", async () => {
    await using scratch = await Scratch.create(sound);
    expect((await merp(scratch, "generate", "--schemas", "./schemas/")).code).toBe(0);
    const { code, stderr } = await merp(scratch, "generate", "--schemas", "contracts");
    expect([code, ...stderr.split("\n").slice(0, 2)]).toEqual([
      1,
      "error[folder]: the folder does not exist; give the folder that holds catalogue.json",
      " --> contracts:1:1",
    ]);
  });

  it("says in a line which path the system refuses", async () => {
    await using scratch = await Scratch.create(sound);
    await scratch.write("generated", "a file where a folder is needed");
    const { code, stdout, stderr } = await merp(scratch, "generate");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^failed ENOTDIR: not a directory, \S+ '\S*generated\S*'\n$/);
  });
});

describe("merp generate --check", () => {
  it("exits with 0 when the output is fresh, and with 1 and a diff when it is not; it writes nothing", async () => {
    await using scratch = await Scratch.create(sound);
    const missing = await merp(scratch, "generate", "--check");
    expect(missing.code).toBe(1);
    const names = missing.stdout.split("\n\n")[0]?.split("\n") ?? [];
    expect(names).toHaveLength(12);
    expect(names).toContain("missing generated/types/order.ts");
    expect(await readdir(scratch.folder)).toEqual(["schemas"]);

    await merp(scratch, "generate");
    expect(await merp(scratch, "generate", "--check")).toEqual({ code: 0, stdout: "", stderr: "" });

    const file = scratch.path("generated/types/order.ts");
    const edited = (await readFile(file, "utf8")).replace("total: number", "total: string");
    await writeFile(file, edited);
    const stale = await merp(scratch, "generate", "--check");
    expect(stale.code).toBe(1);
    expect(stale.stdout).toMatch(/^out of date generated\/types\/order\.ts\n\n/);
    expect(stale.stdout).toContain("--- generated/types/order.ts");
    expect(stale.stdout).toContain("-  total: string;\n+  total: number;");
    expect(stale.stderr).toBe("stale 1 file in generated; run: merp generate\n");
    expect(await readFile(file, "utf8")).toBe(edited);
  });
});

describe("merp check", () => {
  it("checks the schemas without generating", async () => {
    const settings = { ...sound["catalogue.json"], lint: { "missing-description": "off", "unbounded-text": "off" } };
    await using scratch = await Scratch.create({ ...sound, "catalogue.json": settings });
    expect(await merp(scratch, "check")).toEqual({ code: 0, stdout: "valid 1 message\n", stderr: "" });
    expect(await readdir(scratch.folder)).toEqual(["schemas"]);
    await scratch.writeSchemas({ "types/a.json": { type: "strin" } });
    expect((await merp(scratch, "check")).code).toBe(1);
  });
});
