import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);

/** The folder of an installed package, whether or not it exports what is in it. */
export function folderOf(name: string): string {
  const folder = (require.resolve.paths(name) ?? [])
    .map((modules) => join(modules, name))
    .find((path) => existsSync(join(path, "package.json")));
  if (folder === undefined) throw new Error(`${name} is not installed.`);
  return folder;
}

/** A JSON file of an installed package. */
export function readInstalled<Content = Readonly<Record<string, unknown>>>(name: string, file: string): Content {
  return JSON.parse(readFileSync(join(folderOf(name), file), "utf8")) as Content;
}
