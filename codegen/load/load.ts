// load/ reads the schema files and locates problems in them; it may import schema/ and the runtime's contract.

import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { during } from "./failure.js";
import { recordOrigins } from "./origin.js";
import { CatalogueError } from "./problem.js";
import { Source } from "./source.js";

/** The file with the catalogue's settings. */
export const CONFIG_FILE = "catalogue.json";

/** The files of a schemas folder, read but not yet checked. */
export interface Sources {
  /** `catalogue.json`; `undefined` if the folder has none. */
  readonly config: Source | undefined;
  /** Every schema file, sorted by path. */
  readonly schemas: readonly Source[];
}

/**
 * Reads the texts of every `.json` file below a folder, by path.
 *
 * @throws {CatalogueError} if the folder does not exist
 */
export function readTexts(folder: string): ReadonlyMap<string, string> {
  const paths = entriesOf(folder)
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "/").length).replaceAll("\\", "/"));
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    const sentence = "the folder does not exist; give the folder that holds catalogue.json";
    throw new CatalogueError([{ file: folder, line: 1, column: 1, pointer: "", rule: "folder", sentence }]);
  }
}

/**
 * Reads the schemas of a folder.
 *
 * @throws {CatalogueError} if the folder does not exist, or a file is no JSON
 */
export function load(folder: string): Sources {
  return sourcesOf(readTexts(folder), folder);
}

/** The path of a file as problems name it. */
export function shownPath(folder: string, path: string): string {
  return join(folder, path).replaceAll("\\", "/");
}

/**
 * Makes sources of texts by path. The order of the texts does not matter.
 *
 * @param folder the prefix of each path in problems
 */
export function sourcesOf(texts: ReadonlyMap<string, string>, folder: string): Sources {
  const sources = [...texts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => {
      const shown = shownPath(folder, path);
      return during("reading", shown, () => new Source(path, shown, text));
    });
  for (const source of sources) during("reading", source.shownPath, () => recordOrigins(source));
  return {
    config: sources.find((source) => source.path === CONFIG_FILE),
    schemas: sources.filter((source) => source.path !== CONFIG_FILE),
  };
}
