import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** A module of the user's project cannot be loaded. The text names it, the cause and what to do. */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
}

/** What Node alone may not do with TypeScript: read it, read all of it, and find the `.ts` file behind an import of `.js`. */
const FOR_TSX = ["ERR_UNKNOWN_FILE_EXTENSION", "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX", "ERR_MODULE_NOT_FOUND"];

/**
 * Loads a module of the user's project, which runs. One in TypeScript that Node cannot load is loaded by `tsx`, if the
 * project has it.
 *
 * @param name a path, or an installed package
 * @throws {ModuleError} if it cannot be loaded
 */
export async function loadModule(name: string): Promise<object> {
  const isPath = /^[./\\]|^[A-Za-z]:|\.[cm]?[jt]s$/.test(name);
  const project = createRequire(resolve("package.json"));
  try {
    const { href } = pathToFileURL(isPath ? resolve(name) : project.resolve(name));
    return (await imported(href, project)) as object;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code !== "ERR_UNKNOWN_FILE_EXTENSION")
      throw new ModuleError(`${name} cannot be loaded: ${messageOf(error)}`, { cause: error });
    const advice = "compile it to JavaScript, or install tsx in the project";
    throw new ModuleError(`this version of Node cannot load ${name}: ${advice}`, { cause: error });
  }
}

async function imported(href: string, project: NodeJS.Require): Promise<unknown> {
  try {
    return await import(href);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const tsx = /\.[cm]?ts$/.test(href) && FOR_TSX.includes(code) ? loaderOf(project) : undefined;
    if (tsx === undefined) throw error;
    const { tsImport } = (await import(tsx)) as { tsImport: (file: string, parent: string) => Promise<unknown> };
    return tsImport(href, href);
  }
}

interface Manifest {
  readonly exports?: { readonly "./esm/api"?: { readonly import?: { readonly default?: string } } };
}

/** The project's tsx, if it is installed. `resolve` alone would find the build for `require`, which loads no module. */
function loaderOf(project: NodeJS.Require): string | undefined {
  try {
    const path = project.resolve("tsx/package.json");
    const build = (project(path) as Manifest).exports?.["./esm/api"]?.import?.default;
    return build === undefined ? undefined : new URL(build, pathToFileURL(path)).href;
  } catch {
    return undefined;
  }
}

/** The first line of what an error says, and the next one if it announces that. */
export function messageOf(error: unknown): string {
  const [first = "", second = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return first.endsWith(":") && second !== "" ? `${first} ${second.trim()}` : first;
}
