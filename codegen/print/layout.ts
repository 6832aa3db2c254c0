import { posix, resolve } from "node:path";
import type { CatalogueConfig } from "../load/config.js";
import { lineCommentText } from "../typescript/escape.js";

/** The locations that generated files refer to. */
export interface Layout {
  /** Whether checks are written, too, each to the path of its message in `checks/`. */
  readonly isStandalone: boolean;
  /** The name of the schemas folder, for headers. */
  readonly schemasName: string;
  /** The specifier of the runtime's entry point, for a generated file without extension. */
  runtimeFrom(file: string): string;
  /** The specifier of the runtime's testing entry point, likewise. */
  testingFrom(file: string): string;
}

/** Derives the layout from the settings. A path to the runtime that leaves the project's folder has that folder's name. */
export function layoutOf(config: CatalogueConfig, schemasFolder: string): Layout {
  const isRelative = config.runtime.startsWith(".");
  const testing = isRelative
    ? posix.join(posix.dirname(config.runtime), "testing/index.js")
    : `${config.runtime}/testing`;
  const schemas = resolve(schemasFolder).replaceAll("\\", "/");
  // The same for all files of a folder.
  const rebased = new Map<string, string>();
  const rebase = (file: string, target: string): string => {
    if (!isRelative) return target;
    const folder = posix.dirname(file);
    const key = `${folder} ${target}`;
    const known = rebased.get(key);
    if (known !== undefined) return known;
    const relative = posix.relative(posix.join(schemas, config.output, folder), posix.join(schemas, target));
    const from = relative.startsWith(".") ? relative : `./${relative}`;
    rebased.set(key, from);
    return from;
  };
  return {
    isStandalone: config.checks === "standalone",
    schemasName: lineCommentText(posix.basename(schemas)),
    runtimeFrom: (file) => rebase(file, config.runtime),
    testingFrom: (file) => rebase(file, testing),
  };
}
