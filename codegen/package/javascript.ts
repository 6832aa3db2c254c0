import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { PackageRefusedError } from "./failure.js";
import type { Installed } from "./project.js";

const OPTIONS = {
  target: "es2022",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  strict: true,
  verbatimModuleSyntax: true,
  declaration: true,
  noEmitOnError: true,
  newLine: "lf",
  // The types of packages are their own affair, and those of Node need not be installed.
  skipLibCheck: true,
  types: [],
  rootDir: "source",
  outDir: "compiled",
};

/**
 * Compiles generated code with the project's own compiler, in a folder of its own.
 *
 * @param packages what the code imports, by name
 * @returns the texts of JavaScript and of declarations, by path
 * @throws {PackageRefusedError} if it does not compile
 */
export function compileJavaScript(
  typescript: ReadonlyMap<string, string>,
  compiler: Installed,
  packages: readonly Installed[],
): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "merp-package-"));
  try {
    write(folder, "package.json", '{ "type": "module" }\n');
    write(folder, "tsconfig.json", JSON.stringify({ compilerOptions: OPTIONS, include: ["source"] }));
    for (const [path, text] of typescript) write(folder, `source/${path}`, text);
    for (const { name, folder: target } of packages) {
      const link = join(folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(target, link, "junction");
    }
    const program = join(compiler.folder, "bin/tsc");
    const parameters = [program, "-p", folder, "--pretty", "false"];
    const { status, stdout, error } = spawnSync(process.execPath, parameters, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new PackageRefusedError(complaintOf(compiler, error?.message ?? stdout));
    return textsIn(join(folder, "compiled"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function complaintOf({ version }: Installed, text: string): string {
  const [first = "it ended without a word"] = text.split("\n").filter((line) => line.trim() !== "");
  return `the generated code does not compile with the project's TypeScript ${version}, of which 5.6 is the oldest that will do: ${first}`;
}

function textsIn(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/")).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
