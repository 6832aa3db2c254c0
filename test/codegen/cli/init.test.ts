import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkCommand } from "../../../codegen/cli/check.js";
import { generateCommand } from "../../../codegen/cli/generate.js";
import { initCommand } from "../../../codegen/cli/init.js";
import { newCommand } from "../../../codegen/cli/new.js";
import { type Outcome, repository } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "merp-init-"));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true, force: true });
});

const init = (...flags: readonly string[]): Promise<Outcome> =>
  runCommand(initCommand, "--yes", "--no-install", ...flags);
const add = (...parameters: readonly string[]): Promise<Outcome> => runCommand(newCommand, ...parameters);
const readJson = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** Everything below the working directory, with its text. */
async function everything(): Promise<Record<string, string>> {
  const entries = await readdir(".", { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => [join(entry.parentPath, entry.name), entry.isFile()] as const);
  return Object.fromEntries(
    await Promise.all(paths.map(async ([path, isFile]) => [path, isFile ? await readFile(path, "utf8") : ""])),
  );
}

describe("merp init", () => {
  it("makes a catalogue in an empty folder that generates, and passes its contract test", async () => {
    const { code, stdout, stderr } = await init("--name", "shop");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("added schemas/events/order.placed.json\n");
    expect((await runCommand(generateCommand)).stdout).toMatch(/^generated 3 messages into generated: /);
    // In place of an installed package.
    const runtime = join(repository, "runtime");
    const paths = {
      "@m-erp/messaging/runtime": [join(runtime, "index.ts")],
      "@m-erp/messaging/runtime/testing": [join(runtime, "testing/index.ts")],
    };
    const { compilerOptions, ...config } = await readJson("tsconfig.json");
    const typeRoots = [join(repository, "node_modules/@types")];
    await writeFile(
      "tsconfig.json",
      JSON.stringify({ ...config, compilerOptions: { ...(compilerOptions as object), paths, typeRoots } }),
    );
    const test = await new Promise<string>((resolve) => {
      const parameters = ["--import", import.meta.resolve("tsx"), "--test", "test/contract.test.ts"];
      execFile(process.execPath, parameters, { cwd: folder }, (_, out, err) => resolve(out + err));
    });
    expect(test).toMatch(/^# pass 3$/m);
    expect(test).toMatch(/^# fail 0$/m);
  }, 120_000);

  it("has the compiler keep what it found for its next run, where git does not look", async () => {
    await init("--name", "shop");
    const { compilerOptions } = await readJson("tsconfig.json");
    await put({ "one.ts": "export const one = 1;\n" });
    const compiler = fileURLToPath(import.meta.resolve("typescript/package.json")).replace("package.json", "bin/tsc");
    await writeFile(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { ...(compilerOptions as object), types: [] }, files: ["one.ts"] }),
    );
    execFileSync(process.execPath, [compiler, "-p", "."], { cwd: folder });
    const added = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".tsbuildinfo"));
    expect(added).toEqual([join("node_modules", ".cache", "tsconfig.tsbuildinfo")]);
    expect(await readFile(".gitignore", "utf8")).toBe("node_modules\n");
  }, 120_000);

  it("adds to an existing service what is missing, in its own style, and replaces nothing", async () => {
    const settings =
      '{\n\t// ours\n\t"editor.tabSize": 3,\n\t"json.schemas": [{ "fileMatch": ["a"], "url": "b" }],\n}\n';
    const manifest =
      '{\n    "name": "svc",\n    "scripts": { "test": "jest", "generate": "other" },\n    "dependencies": { "@m-erp/messaging": "1.2.3" }\n}\n';
    await put({ "package.json": manifest, "src/a.ts": "", "tsconfig.json": "{}", ".vscode/settings.json": settings });
    const { code, stdout } = await init("--no-ci");
    expect(code).toBe(0);
    expect(stdout).toContain("changed package.json\n");
    expect(stdout).toContain("note the script test is left as it is");
    expect(await readJson("package.json")).toEqual({
      name: "svc",
      scripts: {
        test: "jest",
        generate: "other",
        check: "merp generate --check && tsc --noEmit",
        "test:contract": "tsx --test test/contract.test.ts",
      },
      dependencies: { "@m-erp/messaging": "1.2.3" },
      devDependencies: expect.objectContaining({ tsx: expect.any(String) }),
    });
    expect(await readFile("package.json", "utf8")).toMatch(/^ {4}"name"/m);
    expect(await readFile("tsconfig.json", "utf8")).toBe("{}");
    const edited = await readFile(".vscode/settings.json", "utf8");
    expect(edited).toContain('// ours\n\t"editor.tabSize": 3,');
    expect(edited).toMatch(/"fileMatch": \[\s*"a"\s*\]/);
    expect(edited).toContain("./node_modules/@m-erp/messaging/");
    expect(await readdir(".")).not.toContain(".github");
  });

  it("writes a job that installs with the project's package manager, and runs the contract test", async () => {
    await put({ "package.json": '{ "scripts": { "test": "jest" } }', "pnpm-lock.yaml": "" });
    const { stdout } = await init();
    const job = await readFile(".github/workflows/contract.yml", "utf8");
    expect(job).toContain("run: pnpm install --frozen-lockfile");
    expect(job).not.toContain("npm ci");
    expect(job).toMatch(/- run: npm run test:contract\n$/);
    expect(stdout).not.toContain("npm run test\n");
  });

  it("writes its contract test for vitest where the service has that, and takes the folder that it is told", async () => {
    await put({
      "package.json": '{ "devDependencies": { "vitest": "4" }, "scripts": { "test": "vitest run" } }',
      "src/a.ts": "",
    });
    expect((await init("--schemas", "contracts/shop", "--name", "shop")).code).toBe(0);
    expect(await readFile("test/contract.test.ts", "utf8")).toContain('from "vitest"');
    const { scripts, devDependencies } = await readJson("package.json");
    expect(scripts).toMatchObject({ test: "vitest run", generate: "merp generate --schemas contracts/shop" });
    expect(devDependencies).not.toHaveProperty("tsx");
    expect((await runCommand(generateCommand, "--schemas", "contracts/shop")).code).toBe(0);
    expect(await readdir("generated")).toContain("index.ts");
  });

  it("replaces the placeholder that npm writes for a test, and makes a project of nothing else ESM", async () => {
    await put({
      "package.json": '{ "type": "commonjs", "scripts": { "test": "echo \\"Error: no test specified\\" && exit 1" } }',
    });
    expect((await init()).code).toBe(0);
    expect(await readJson("package.json")).toMatchObject({
      type: "module",
      scripts: { test: "tsx --test test/*.test.ts" },
    });
  });

  it.each<[string, Record<string, string>, readonly string[], RegExp]>([
    ["there is a catalogue", { "schemas/catalogue.json": "{}" }, [], /a catalogue in schemas already; merp new/],
    ["the folder holds other schemas", { "schemas/a.json": "{}" }, [], /holds other files/],
    ["package.json is broken", { "package.json": "{" }, [], /package\.json is not valid JSON/],
    ["the settings of the editor are broken", { ".vscode/settings.json": "{" }, [], /settings\.json is not valid JSON/],
    [
      "a file is where a folder is needed",
      { ".vscode": "" },
      [],
      /nothing was written: the folder \.vscode cannot be written to \(ENOTDIR/,
    ],
    ["the name is none", {}, ["--name", "My Shop"], /must be a lower-case letter/],
    ["the folder is outside", {}, ["--schemas", "../x"], /inside the project/],
  ])("changes nothing when %s", async (_, files, flags, sentence) => {
    await put(files);
    const before = await everything();
    expect(await init(...flags)).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(sentence) });
    expect(await everything()).toEqual(before);
  });

  it("asks nothing without a terminal, and says which flag to give", async () => {
    const { code, stderr } = await runCommand(initCommand);
    expect([code, stderr]).toEqual([
      1,
      "refused there is no terminal to ask on; give --yes, and flags for what should differ\n",
    ]);
    expect(await readdir(".")).toEqual([]);
  });
});

describe("merp new", () => {
  it("adds messages and types that are valid as they are", async () => {
    await put({ "schemas/catalogue.json": "{}" });
    for (const [kind, name] of [
      ["event", "order.line.added"],
      ["event", "order.line.added.v2"],
      ["command", "close_shop"],
      ["notification", "closed"],
      ["type", "postal_address"],
    ] as const) {
      expect(await add(kind, name), name).toMatchObject({ code: 0, stderr: "" });
    }
    expect((await runCommand(checkCommand)).stdout).toBe("valid 4 messages\n");
    // The version says nothing of the entity.
    expect(await readFile("schemas/events/order.line.added.v2.json", "utf8")).toContain('"entity_type": "order.line"');
    expect(await readdir("schemas/envelopes")).toEqual(["command.json", "event.json", "notification.json"]);
  });

  it("refuses a name of another form, and says which is meant", async () => {
    await put({ "schemas/catalogue.json": "{}" });
    for (const [kind, name, meant] of [
      ["event", "OrderPlaced", "order.placed"],
      ["event", "order-placed", "order.placed"],
      ["command", "ReserveStock", "reserve_stock"],
      ["type", "postal.address", "postal_address"],
    ] as const) {
      expect((await add(kind, name)).stderr).toContain(`(did you mean ${meant}?)`);
    }
    for (const name of ["", "placed", "../a.b", "a..b", ".a", "ä.b"])
      expect((await add("event", name)).code, name).toBe(1);
    expect(await readdir("schemas")).toEqual(["catalogue.json"]);
  });

  it("leaves nothing behind when the catalogue would have a problem with it, or when it exists", async () => {
    await put({ "schemas/catalogue.json": "{}" });
    await add("event", "order.placed");
    const before = await everything();
    const clash = await add("type", "order_placed");
    expect(clash.code).toBe(1);
    expect(clash.stderr).toContain("is also generated from schemas/events/order.placed.json");
    expect((await add("event", "order.placed")).stderr).toBe(
      "refused schemas/events/order.placed.json exists already\n",
    );
    expect((await runCommand(newCommand, "event", "a.b", "--schemas", "none")).stderr).toContain("run: merp init");
    expect(await everything()).toEqual(before);
  });

  it("adds to a catalogue that is broken elsewhere", async () => {
    await put({ "schemas/catalogue.json": "{}", "schemas/types/broken.json": "{" });
    expect((await add("event", "order.placed")).code).toBe(0);
  });
});
