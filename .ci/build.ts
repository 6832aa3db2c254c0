import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const { dependencies } = require("../package.json") as { dependencies: Record<string, string> };

/** What other packages import. They share what they have in common, so that there is one of each class. */
const entries = [
  "generated/index",
  "generated/testing",
  "runtime/index",
  "runtime/testing/index",
  "runtime/operations/index",
  // By itself, so that a bundle of no more than descriptions of messages is without a client of Redis.
  "runtime/contract/define",
];

/**
 * Writes what the package holds into a folder: types file by file, for editors to open, and the code of each entry in
 * as few files as can be, since each that Node loads costs a third of a millisecond.
 *
 * @returns what the compiler complained about; empty when the source is sound
 */
export async function buildPackage(folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const complaints = declare(folder);
  const inlined = [
    ...(await bundle(entries, folder, "runtime/shared")),
    // Two levels below the folder, as its sources are: it reads the templates, and the types of the runtime's index,
    // by their paths from where it lies itself. Nothing in the runtime is found by its path, so a service can bundle it.
    ...(await bundle(["codegen/cli/index"], folder, "codegen/cli")),
  ];
  passLicencesOn(new Set(inlined), folder);
  cpSync(join(root, "codegen/templates"), join(folder, "codegen/templates"), { recursive: true });
  return complaints;
}

/**
 * Writes the code of some modules and of all that they import, less the package's dependencies, which Node loads. What
 * the modules share, or import when it is needed, is a file of its own in the folder of that name.
 *
 * @returns the folders of the packages that are inlined
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
    external: Object.keys(dependencies),
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
    metafile: true,
  });
  return Object.keys(metafile.inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
}

function passLicencesOn(packages: ReadonlySet<string>, folder: string): void {
  const licences = [...packages].sort().map((path) => {
    const { name } = require(join(root, path, "package.json")) as { name: string };
    return `${name}\n\n${readFileSync(join(root, path, "LICENSE"), "utf8").trim()}\n`;
  });
  writeFileSync(join(folder, "LICENSES.txt"), `This package holds code of others:\n\n${licences.join("\n\n")}`);
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const complaints = await buildPackage(join(root, "dist"));
  if (complaints !== "") {
    process.stderr.write(`${complaints}\n`);
    process.exitCode = 1;
  }
}
