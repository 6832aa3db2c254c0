import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCommand } from "../../../codegen/cli/check.js";
import { coloursFor } from "../../../codegen/cli/colour.js";
import { generateCommand } from "../../../codegen/cli/generate.js";
import { lintRules } from "../../../codegen/index.js";
import { sound } from "../catalogue.js";
import { merpProgram, type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();
const settings = { ...sound["catalogue.json"], lint: { "missing-description": "off", "unbounded-text": "off" } };
const customer = { type: "object", properties: { name: { type: "string" }, email: { type: "string" } } };
const warned = { ...sound, "catalogue.json": settings, "types/customer.json": customer };
let scratch: Scratch;

beforeAll(async () => {
  scratch = await Scratch.create(warned);
});

afterAll(() => scratch[Symbol.asyncDispose]());

const check = (...parameters: readonly string[]): Promise<Outcome> => run(checkCommand, ...parameters);

async function run(command: Command, ...parameters: readonly string[]): Promise<Outcome> {
  process.chdir(scratch.folder);
  try {
    return await runCommand(command, ...parameters);
  } finally {
    process.chdir(home);
  }
}

const sentence =
  '"email" looks like personal data or a secret: it is shown in error texts and logs; give it "sensitive": true';
const place = { file: "schemas/types/customer.json", line: 7, column: 5, pointer: "/properties/email" };

describe("merp check, as a linter", () => {
  it("warns with the line, and exits with 0", async () => {
    const { code, stdout, stderr } = await check();
    expect([code, stdout]).toEqual([0, "valid 1 message, 1 warning\n"]);
    expect(stderr.split("\n")).toEqual([
      `warning[personal-data]: ${sentence}`,
      " --> schemas/types/customer.json:7:5 /properties/email",
      '7 |     "email": {',
      "  |     ^^^^^^^",
      "",
      "",
    ]);
  });

  it("exits with 1 if it warns of more than it may, or if a rule is an error", async () => {
    const few = await check("--max-warnings", "0");
    expect([few.code, few.stdout]).toEqual([1, ""]);
    expect(few.stderr).toMatch(/\ninvalid 1 warning, more than 0\n$/);
    expect((await check("--max-warnings", "1")).code).toBe(0);
    const lint = { ...settings.lint, "personal-data": "error" };
    await scratch.writeSchemas({ "catalogue.json": { ...settings, lint } });
    const { code, stderr } = await check();
    await scratch.writeSchemas({ "catalogue.json": settings });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[personal-data\]: [\s\S]*\ninvalid 1 problem\n$/);
  });

  it("does not lint a catalogue with problems, and generate does not lint", async () => {
    await scratch.writeSchemas({ "types/order.json": { type: "strin" } });
    const broken = await check();
    await scratch.writeSchemas({ "types/order.json": sound["types/order.json"] });
    expect(broken.code).toBe(1);
    expect(broken.stderr).not.toContain("warning");
    expect(await run(generateCommand)).toMatchObject({ code: 0, stderr: "" });
  });

  it("prints JSON, in which warnings are apart from problems", async () => {
    const { code, stdout, stderr } = await check("--format", "json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({ problems: [], warnings: [{ ...place, rule: "personal-data", sentence }] });
  });

  it("prints annotations of GitHub Actions, in which nothing of a schema is a command", async () => {
    const path = "types/customer.json";
    const hostile = { "a\n::error::x,b:c%_email": { type: "string" }, email: { type: "string" } };
    await scratch.writeSchemas({ [path]: { ...customer, properties: hostile } });
    const { code, stdout, stderr } = await check("--format", "github", "--max-warnings", "0");
    await scratch.writeSchemas({ [path]: customer });
    expect([code, stderr]).toEqual([1, "invalid 3 warnings, more than 0\n"]);
    const found = (line: number, rule: string): string =>
      `::warning file=schemas/types/customer.json,line=${line},col=5,title=${rule}::`;
    expect(stdout.split("\n")).toEqual([
      found(4, "personal-data") + sentence.replace("email", "a\\u000a::error::x,b:c%25_email"),
      expect.stringContaining(found(4, "property-casing")),
      found(7, "personal-data") + sentence,
      "",
    ]);
  });

  it("prints SARIF 2.1.0", async () => {
    const { code, stdout } = await check("--format", "sarif");
    expect(code).toBe(0);
    const log = JSON.parse(stdout) as SarifLog;
    expect([log.version, log.$schema]).toEqual(["2.1.0", "https://json.schemastore.org/sarif-2.1.0.json"]);
    const [run] = log.runs;
    expect(Object.keys(run ?? {}).sort()).toEqual(["columnKind", "results", "tool"]);
    expect(run?.tool.driver).toMatchObject({ name: "merp", rules: [{ id: "personal-data" }] });
    expect(run?.results).toEqual([
      {
        ruleId: "personal-data",
        ruleIndex: 0,
        level: "warning",
        message: { text: sentence },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: place.file },
              region: { startLine: place.line, startColumn: place.column },
            },
            logicalLocations: [{ fullyQualifiedName: place.pointer }],
          },
        ],
      },
    ]);
    await scratch.writeSchemas({ "types/order.json": { type: "strin" } });
    const broken = await check("--format", "sarif");
    await scratch.writeSchemas({ "types/order.json": sound["types/order.json"] });
    expect([broken.code, broken.stderr]).toEqual([1, ""]);
    expect((JSON.parse(broken.stdout) as SarifLog).runs[0]?.results).toContainEqual(
      expect.objectContaining({ ruleId: "unknown-type", level: "error" }),
    );
  });

  it("fixes what is safe, once, and tells of it", async () => {
    const first = await check("--fix");
    expect(first).toEqual({
      code: 0,
      stdout: "fixed schemas/types/customer.json:7 /properties/email (personal-data)\nvalid 1 message\n",
      stderr: "",
    });
    const text = await readFile(scratch.path("schemas/types/customer.json"), "utf8");
    expect(JSON.parse(text)).toEqual({
      type: "object",
      properties: { name: { type: "string" }, email: { type: "string", sensitive: true } },
    });
    expect((await check("--fix")).stdout).toBe("valid 1 message\n");
    expect(await readFile(scratch.path("schemas/types/customer.json"), "utf8")).toBe(text);
    await scratch.writeSchemas({ "types/customer.json": customer });
  });

  it("explains each rule", async () => {
    for (const rule of lintRules) {
      const { code, stdout } = await check("--explain", rule);
      expect([code, stdout.startsWith(`${rule}\n`)]).toEqual([0, true]);
      expect(stdout).toMatch(/\nWhy: [\s\S]+\nWhat to do: /);
    }
    const { code, stderr } = await check("--explain", "unbounded-txt");
    expect([code, stderr]).toEqual([1, expect.stringContaining('(did you mean "unbounded-text"?)')]);
  });

  it("ends in silence, with 141, when the reader of its output has seen enough", async () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`p${at}`, { type: "string" }]));
    const lint = { "unbounded-text": "warn" };
    await scratch.writeSchemas({
      "catalogue.json": { ...settings, lint },
      "types/many.json": { properties: many, type: "object" },
    });
    const program = `${process.execPath} ${await merpProgram()}`;
    const script = `{ ${program} check --all 2>&1; echo $? >code; } | head -n 1; cat code`;
    const outcome = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", script], { cwd: scratch.folder }, (_, stdout, stderr) => resolve(stdout + stderr));
    });
    expect(outcome).toMatch(/^warning\[missing-description\]: .*\n141\n$/);
  });
});

it("colours only what goes to a terminal, and nothing with NO_COLOR", () => {
  const coloured = (isTTY: boolean, environment: NodeJS.ProcessEnv): boolean =>
    coloursFor({ isTTY }, environment).red("x") !== "x";
  const both = (environment: NodeJS.ProcessEnv): unknown => [true, false].map((isTTY) => coloured(isTTY, environment));
  expect(both({ TERM: "xterm", CI: "true" })).toEqual([true, false]);
  expect(both({ TERM: "dumb" })).toEqual([false, false]);
  expect(both({ TERM: "xterm", NO_COLOR: "1", FORCE_COLOR: "1" })).toEqual([false, false]);
  expect(both({ FORCE_COLOR: "1" })).toEqual([true, true]);
});

interface SarifLog {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: object };
    readonly results: readonly object[];
  }[];
}
