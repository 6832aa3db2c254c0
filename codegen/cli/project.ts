import { existsSync, readdirSync, readFileSync } from "node:fs";
import { applyEdits, modify, type ParseError, parse } from "jsonc-parser";
import type { PackageManager } from "./install.js";
import { envelopes, GENERATOR, metaSchemaPath, type OwnPackage, ownPackage, RUNTIME } from "./own-package.js";
import { firstMessages } from "./starter.js";

/** What `merp init` is asked for. */
export interface Wish {
  readonly name: string;
  /** The folder of the schemas. */
  readonly schemas: string;
  readonly hasCi: boolean;
}

/** The files of a new catalogue, by path in the project. */
export interface Plan {
  readonly files: ReadonlyMap<string, string>;
  /** Those of them that exist and are added to. */
  readonly changed: ReadonlySet<string>;
  /** What was left to the user, a sentence each. */
  readonly notes: readonly string[];
  readonly manager: PackageManager;
  /** The script that runs the contract test. */
  readonly test: string;
}

/** The project cannot take a new catalogue. Nothing was changed. */
export class ProjectRefusedError extends Error {
  override readonly name = "ProjectRefusedError";
  readonly code = "PROJECT_REFUSED";
}

interface Manifest {
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What a folder has in which nothing was begun yet. */
const UNBEGUN = /^(package(-lock)?\.json|node_modules|\.git.*|\.npmrc|readme.*|licen[cs]e.*)$/i;
const PLACEHOLDER_TEST = /no test specified/;
/** What the contract test is run and checked with. */
const TOOLS = { "@types/node": "^20.19.43", tsx: "^4.23.15", typescript: "^7.0.2" } as const;
const TEST = "test/contract.test.ts";
/** Also those that are added to it later. */
const TESTS = "test/*.test.ts";
const WORKFLOW = ".github/workflows/contract.yml";
const SETTINGS = ".vscode/settings.json";

/** Plans a new catalogue in the working directory. What is there is kept, and added to. */
export function planProject({ name, schemas, hasCi }: Wish): Plan {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) {
    throw new ProjectRefusedError(
      `the name "${name}" must be a lower-case letter, then lower-case letters, digits, - or _`,
    );
  }
  const folder = schemas.replace(/^\.\//, "").replace(/\/+$/, "");
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(folder) || folder.split("/").includes("..")) {
    throw new ProjectRefusedError(`the schemas must lie in a folder inside the project, not in "${schemas}"`);
  }
  if (existsSync(`${folder}/catalogue.json`)) {
    throw new ProjectRefusedError(`there is a catalogue in ${folder} already; merp new adds a message to it`);
  }
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new ProjectRefusedError(`${folder} holds other files; give another folder: merp init --schemas contracts`);
  }
  const own = ownPackage();
  const manifest = readManifest();
  const isVitest = hasDependency(manifest, "vitest");
  const files = new Map<string, string>();
  const notes: string[] = [];
  const put = (path: string, text: string): void => {
    files.set(path, text);
  };
  const putNew = (path: string, text: string): void => {
    if (existsSync(path)) notes.push(`${path} exists and is left as it is`);
    else put(path, text);
  };
  put(`${folder}/catalogue.json`, json({ name, ...(folder.includes("/") && { output: outputFrom(folder) }) }));
  for (const [path, text] of envelopes(own)) put(`${folder}/${path}`, text);
  for (const { path, schema } of firstMessages) put(`${folder}/${path}`, json(schema));
  putNew(TEST, contractTest(isVitest));
  put("package.json", withScripts(manifest, own, folder, notes));
  if (!existsSync("tsconfig.json")) put("tsconfig.json", json(TSCONFIG));
  put(SETTINGS, withMetaSchemas(folder, own));
  if (!existsSync(".gitignore")) put(".gitignore", "node_modules\n");
  const manager = managerOf();
  const test = hasOtherTest(manifest) && !isVitest ? "test:contract" : "test";
  if (hasCi) putNew(WORKFLOW, workflow(folder, manager, test));
  const changed = new Set([...files.keys()].filter((path) => existsSync(path)));
  return { files, changed, notes, manager, test };
}

const TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    // Of a large catalogue most files are the same as in the last run.
    incremental: true,
    tsBuildInfoFile: "node_modules/.cache/tsconfig.tsbuildinfo",
  },
  include: ["generated", "src", "test"],
};

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** `contracts/schemas` generates into the project's own `generated`, as `schemas` does. */
function outputFrom(folder: string): string {
  return `${"../".repeat(folder.split("/").length)}generated`;
}

function readManifest(): Manifest {
  if (!existsSync("package.json")) return {};
  const errors: ParseError[] = [];
  const manifest: unknown = parse(readFileSync("package.json", "utf8"), errors);
  if (errors.length === 0 && typeof manifest === "object" && manifest !== null) return manifest;
  throw new ProjectRefusedError("package.json is not valid JSON; mend it first");
}

/** Whether the project has tests of its own, which the contract test is not to replace. */
function hasOtherTest({ scripts }: Manifest): boolean {
  const test = scripts?.["test"];
  return test !== undefined && !PLACEHOLDER_TEST.test(test);
}

function hasDependency({ dependencies, devDependencies }: Manifest, name: string): boolean {
  return name in { ...dependencies, ...devDependencies };
}

/** The text of `package.json` with what is missing. A script that is there is kept. */
function withScripts(manifest: Manifest, own: OwnPackage, folder: string, notes: string[]): string {
  const isNew = !existsSync("package.json");
  const isUnbegun = readdirSync(".").every((name) => UNBEGUN.test(name));
  const hasTest = hasOtherTest(manifest);
  const from = folder === "schemas" ? "" : ` --schemas ${folder}`;
  const runner = `tsx --test ${hasTest ? TEST : TESTS}`;
  const isVitest = hasDependency(manifest, "vitest");
  const wanted: [readonly string[], string | boolean][] = [];
  const want = (path: readonly string[], value: string | boolean, isKnown: boolean): void => {
    if (!isKnown) wanted.push([path, value]);
  };
  if (isNew) wanted.push([["private"], true]);
  if (isNew || isUnbegun) want(["type"], "module", manifest.type === "module");
  want(["scripts", "generate"], `merp generate${from}`, manifest.scripts?.["generate"] !== undefined);
  want(["scripts", "check"], `merp generate --check${from} && tsc --noEmit`, manifest.scripts?.["check"] !== undefined);
  if (!hasTest) want(["scripts", "test"], isVitest ? "vitest run" : runner, false);
  else if (!isVitest) want(["scripts", "test:contract"], runner, manifest.scripts?.["test:contract"] !== undefined);
  want(["dependencies", RUNTIME], `^${own.version}`, hasDependency(manifest, RUNTIME));
  want(["devDependencies", GENERATOR], `^${own.version}`, hasDependency(manifest, GENERATOR));
  for (const [tool, version] of Object.entries(TOOLS)) {
    if (tool !== "tsx" || !isVitest) want(["devDependencies", tool], version, hasDependency(manifest, tool));
  }
  if (hasTest && !isVitest)
    notes.push("the script test is left as it is; the contract test runs with: npm run test:contract");
  const text = isNew ? "{}\n" : readFileSync("package.json", "utf8");
  return wanted.reduce((before, [path, value]) => edited(before, path, value), text);
}

/** The text of the editor's settings with the meta-schemas, which complete and check the files of the catalogue. */
function withMetaSchemas(folder: string, own: OwnPackage): string {
  const text = existsSync(SETTINGS) ? readFileSync(SETTINGS, "utf8") : "{}\n";
  const errors: ParseError[] = [];
  const settings: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0) throw new ProjectRefusedError(`${SETTINGS} is not valid JSON; mend it first`);
  const catalogue = `/${folder}/catalogue.json`;
  const present = ((settings ?? {}) as { readonly "json.schemas"?: readonly unknown[] })["json.schemas"] ?? [];
  return edited(
    text,
    ["json.schemas"],
    [
      ...present,
      { fileMatch: [catalogue], url: metaSchemaPath("catalogue", own) },
      { fileMatch: [`/${folder}/**/*.json`, `!${catalogue}`], url: metaSchemaPath("schema", own) },
    ],
  );
}

function edited(text: string, path: readonly string[], value: unknown): string {
  const isTabbed = /^\t/m.test(text);
  const indent = /^( +)\S/m.exec(text)?.[1]?.length ?? 2;
  const formattingOptions = { insertSpaces: !isTabbed, tabSize: indent, eol: text.includes("\r\n") ? "\r\n" : "\n" };
  return applyEdits(text, modify(text, [...path], value, { formattingOptions }));
}

function managerOf(): PackageManager {
  if (existsSync("pnpm-lock.yaml")) return "pnpm";
  if (existsSync("yarn.lock")) return "yarn";
  return existsSync("bun.lock") || existsSync("bun.lockb") ? "bun" : "npm";
}

function contractTest(isVitest: boolean): string {
  return `import assert from "node:assert/strict";
import { test } from "${isVitest ? "vitest" : "node:test"}";
import { orderPlaced, reserveStock } from "../generated/index.js";
import { assertContract, exampleOrderPlaced, exampleReserveStock } from "../generated/testing.js";

test("an order in euros keeps the contract", () => {
  assertContract(orderPlaced, exampleOrderPlaced({ after_data: { total: 12.5, currency: "EUR" } }));
});

test("a currency by its symbol breaks it", () => {
  const message = exampleOrderPlaced({ after_data: { currency: "€" } });
  assert.throws(() => assertContract(orderPlaced, message), /after_data\\.currency must match/);
});

test("the warehouse is asked for at least one article", () => {
  assertContract(reserveStock, exampleReserveStock({ payload: { quantity: 1 } }));
  assert.throws(() => assertContract(reserveStock, exampleReserveStock({ payload: { quantity: 0 } })));
});
`;
}

/** The steps that set a package manager up and install what its lock file says. */
const INSTALL: Readonly<Record<PackageManager, readonly string[]>> = {
  npm: ["run: npm ci"],
  pnpm: ["run: corepack enable", "run: pnpm install --frozen-lockfile"],
  yarn: ["run: corepack enable", "run: yarn install --frozen-lockfile"],
  bun: ["uses: oven-sh/setup-bun@v2", "run: bun install --frozen-lockfile"],
};

function workflow(folder: string, manager: PackageManager, test: string): string {
  const from = folder === "schemas" ? "" : ` --schemas ${folder}`;
  const steps = [
    "uses: actions/checkout@v4",
    `uses: actions/setup-node@v4\n        with: { node-version: 22${manager === "npm" ? ", cache: npm" : ""} }`,
    ...INSTALL[manager],
    `run: npx merp generate --check${from}`,
    `run: npm run ${test}`,
  ];
  return `name: contract
on: [push, pull_request]
jobs:
  contract:
    runs-on: ubuntu-latest
    steps:
${steps.map((step) => `      - ${step}\n`).join("")}`;
}
