import { posix } from "node:path";
import type { CatalogueConfig } from "../load/config.js";

/** Where generated files stand and import from. */
export interface Layout {
  /** What headers call the schemas folder: its own name. */
  readonly schemasName: string;
  /** The runtime's entry as seen from a generated file (without extension). */
  runtimeFrom(file: string): string;
  /** The runtime's testing entry, likewise. */
  testingFrom(file: string): string;
}

/**
 * @param schemasFolder absolute, or relative to anything: only its last name and what `..` makes of it matter
 */
export function layoutOf(config: CatalogueConfig, schemasFolder: string): Layout {
  const isRelative = config.runtime.startsWith(".");
  const testing = isRelative
    ? posix.join(posix.dirname(config.runtime), "testing/index.js")
    : `${config.runtime}/testing`;
  const rebase = (file: string, target: string): string => {
    if (!isRelative) return target;
    const folder = posix.dirname(posix.join("/root/schemas", config.output, file));
    const relative = posix.relative(folder, posix.join("/root/schemas", target));
    return relative.startsWith(".") ? relative : `./${relative}`;
  };
  return {
    schemasName: posix.basename(schemasFolder.replaceAll("\\", "/")),
    runtimeFrom: (file) => rebase(file, config.runtime),
    testingFrom: (file) => rebase(file, testing),
  };
}
