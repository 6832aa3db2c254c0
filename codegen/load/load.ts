// load/ reads the schema files and locates problems in them; it may import schema/ and the runtime's contract.

import { during } from "./failure.js";
import { readTexts, shownPath } from "./folder.js";
import { recordOrigins } from "./origin.js";
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
 * Reads the schemas of a folder.
 *
 * @throws {CatalogueError} if the folder does not exist, or a file is no JSON
 */
export function load(folder: string): Sources {
  return sourcesOf(readTexts(folder), folder);
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
