import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";
import { embed } from "./embed.js";
import { precompile } from "./precompile.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const manifest = require("../package.json") as Manifest;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What other packages import. They share what they have in common, so that there is one of each class. */
const entries = [
  "generated/index",
  "generated/testing",
  "runtime/index",
  "runtime/testing/index",
  "runtime/testing/runner/vitest",
  "runtime/testing/runner/jest",
  "runtime/testing/arbitrary/index",
  "runtime/telemetry/otel/index",
  "runtime/telemetry/prometheus/index",
  "runtime/encryption/index",
  "runtime/operations/index",
  "runtime/dashboard/index",
  "runtime/postgres/index",
  "runtime/saga/index",
  // By itself, so that a bundle of no more than descriptions of messages is without a client of Redis.
  "runtime/contract/define",
];

/** The folder, within the built one, of the package that holds the generator. */
const GENERATOR = "generator";

/**
 * Writes both packages into a folder: the runtime with M-ERP's catalogue, and in `generator` the other with a
 * package.json of its own. Types are written file by file, for editors to open, and the code of each entry in as few
 * files as can be, since each that Node loads costs a third of a millisecond.
 *
 * @returns what the compiler complained about; empty when the source is sound
 */
export async function buildPackage(folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const complaints = declare(folder);
  removeUnreachableTypes(folder);
  await buildRuntime(folder);
  await buildGenerator(folder);
  return complaints;
}

async function buildRuntime(folder: string): Promise<void> {
  const shared = await bundle(entries, folder, "runtime/shared");
  // By itself: each command is loaded when it is asked for, and what each needs would cut what services load into many files.
  const imported = [...new Set([...shared, ...(await bundle(["runtime/cli/index"], folder, "runtime/cli"))])];
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  const undeclared = imported.filter((name) => declared[name] === undefined);
  if (undeclared.length > 0) throw new Error(`not among the dependencies: ${undeclared.join(", ")}`);
  // Also for who has another tool run them.
  const sql = "runtime/postgres/migrations";
  cpSync(join(root, sql), join(folder, sql), { recursive: true });
}

async function buildGenerator(folder: string): Promise<void> {
  const place = join(folder, GENERATOR);
  // Two levels below the package's folder, as its sources are: it reads the templates, and the names that the runtime
  // exports, by their paths from where it lies itself. Nothing in the runtime is found by its path.
  const bundled = await bundle(["codegen/cli/index"], place, "codegen/cli");
  const imported = [...new Set([...bundled, ...REQUIRED])].sort();
  cpSync(join(root, "codegen/templates"), join(place, "codegen/templates"), { recursive: true });
  cpSync(join(root, "schemas/envelopes"), join(place, "schemas/envelopes"), { recursive: true });
  for (const types of ["runtime/index.d.ts", "runtime/testing/index.d.ts"]) {
    cpSync(join(folder, types), join(place, types));
  }
  cpSync(join(root, "LICENSE"), join(place, "LICENSE"));
  writeFileSync(join(place, "README.md"), generatorReadme);
  const versions = { ...manifest.devDependencies, ...manifest.dependencies };
  const { version, license, repository, homepage, bugs, type, engines, publishConfig } = manifest;
  const generator = {
    name: `${manifest["name"]}-codegen`,
    version,
    description: "The generator of @m-erp/messaging: JSON Schema in, fully typed SDK out.",
    ...{ license, repository, homepage, bugs, type, engines, publishConfig },
    bin: { "merp-codegen": "./codegen/cli/index.js" },
    exports: { "./package.json": "./package.json" },
    dependencies: Object.fromEntries(imported.map((name) => [name, versions[name]])),
    peerDependencies: { [`${manifest["name"]}`]: `^${version}` },
  };
  writeFileSync(join(place, "package.json"), `${JSON.stringify(generator, null, 2)}\n`);
}

const generatorReadme = `# @m-erp/messaging-codegen

Generates the typed SDK of a message catalogue for [@m-erp/messaging](https://github.com/m-erp/messaging#readme),
whose documentation covers both. It is needed where code is generated, not where it runs:

\`\`\`sh
npm install @m-erp/messaging
npm install --save-dev @m-erp/messaging-codegen
npx merp generate
\`\`\`
`;

/**
 * Writes the code of some modules and of all of ours that they import. What the modules share, or import when it is
 * needed, is a file of its own in the folder of that name.
 *
 * @returns the packages that the code imports, in alphabetical order
 */
export async function bundle(modules: readonly string[], folder: string, shared: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: modules.map((module) => `${module}.ts`),
    outbase: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: `${shared}/[name]-[hash]`,
    packages: "external",
    plugins: [loadLater, precompile, embed],
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
    metafile: true,
  });
  return packagesIn(metafile);
}

/** What the generator loads by `require`, when it needs it: only this does so at once, and takes CommonJS without its types. */
const REQUIRED = ["json-schema-to-typescript", "jsonc-parser"];

/** What is loaded later, by the module that imports it, each by the function that returns it. */
const LATER: Readonly<Record<string, { readonly function: string; readonly path: string }>> = {
  "load-ajv": { function: "loadAjv", path: "ajv/dist/2020.js" },
  "load-ioredis": { function: "loadIoredis", path: "ioredis" },
};

/**
 * Has Ajv, which is a hundred files, loaded when the first schema is compiled, and the client of Redis with the first
 * connection. Only CommonJS can load something later and at once, in one file or in many, so the modules that import these
 * are written as CommonJS.
 */
const loadLater: Plugin = {
  name: "load later",
  setup({ onResolve, onEnd }) {
    for (const [name, later] of Object.entries(LATER)) {
      const module = `./${name}.cjs`;
      onResolve({ filter: new RegExp(`/${name}\\.js$`) }, () => ({ path: module, external: true }));
      onEnd(({ metafile }) => {
        const text = `"use strict";\nexports.${later.function} = () => require("${later.path}");\n`;
        // Beside each file that imports it.
        for (const [file, { imports }] of Object.entries(metafile?.outputs ?? {})) {
          if (imports.some(({ path }) => path === module)) writeFileSync(join(root, dirname(file), module), text);
        }
      });
    }
  },
};

function packagesIn({ outputs }: Metafile): readonly string[] {
  const external = Object.values(outputs).flatMap(({ imports }) => imports.filter((one) => one.external === true));
  const paths = [...external.map(({ path }) => path), ...Object.values(LATER).map(({ path }) => path)];
  const names = paths.flatMap((path) => /^(?:@[^/:]+\/)?[^./:@][^/:]*(?=\/|$)/.exec(path)?.[0] ?? []);
  return [...new Set(names)].filter((name) => !builtinModules.includes(name)).sort();
}

/** It writes what it can even from source that does not check, which a bench may measure too. */
function declare(folder: string): string {
  const compiler = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  try {
    execFileSync(process.execPath, [compiler, "-p", root, "--emitDeclarationOnly", "--outDir", folder]);
    return "";
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout ?? error).trim();
  }
}

/** Half of the types are of modules that no type of an entry refers to. */
function removeUnreachableTypes(folder: string): void {
  const reached = new Set<string>();
  const waiting = entries.map((entry) => join(folder, `${entry}.d.ts`));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file) || !existsSync(file)) continue;
    reached.add(file);
    const imports = readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"(\.[^"]+)\.js"/g);
    for (const [, path = ""] of imports) waiting.push(join(dirname(file), `${path}.d.ts`));
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts") && !reached.has(join(folder, name))) rmSync(join(folder, name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const complaints = await buildPackage(join(root, "dist"));
  if (complaints !== "") {
    process.stderr.write(`${complaints}\n`);
    process.exitCode = 1;
  }
}
