import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The package that holds the generator. */
export const GENERATOR = "@m-erp/messaging-codegen";

/**
 * Runs the generator's command with this process' arguments.
 *
 * @returns false where it is not installed
 */
export async function runGenerator(): Promise<boolean> {
  const program = findGenerator();
  if (program === undefined) return false;
  await import(program);
  return true;
}

/**
 * The address of the generator's program; `undefined` where it is not installed. The project's own comes before one that is
 * installed beside this package, for all projects.
 */
export function findGenerator(): string | undefined {
  for (const from of [join(process.cwd(), "package.json"), fileURLToPath(import.meta.url)]) {
    const require = createRequire(from);
    try {
      const manifest = require.resolve(`${GENERATOR}/package.json`);
      const { bin } = require(manifest) as { readonly bin: Readonly<Record<string, string>> };
      return new URL(bin["merp-codegen"] ?? "", pathToFileURL(manifest)).href;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  // In the repository both packages are built side by side.
  const built = new URL("../../generator/codegen/cli/index.js", import.meta.url);
  return existsSync(built) ? built.href : undefined;
}
