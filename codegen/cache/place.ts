import { existsSync, lstatSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

/**
 * The folder for what is known of catalogues: `node_modules/.cache/merp` beside the nearest `package.json` around the
 * schemas that has `node_modules`, which is that of the workspace where packages share theirs. `undefined` if there is
 * none, and if a link would lead away from there.
 */
export function cacheFolderFor(schemasFolder: string): string | undefined {
  for (let folder = resolve(schemasFolder); ; folder = dirname(folder)) {
    if (isProject(folder)) return ownFolder(folder);
    if (folder === dirname(folder)) return undefined;
  }
}

/** An installed package is no project: nothing may be left in it. */
function isProject(folder: string): boolean {
  const isInstalled = folder.split(sep).includes("node_modules");
  return !isInstalled && existsSync(join(folder, "package.json")) && isThere(join(folder, "node_modules"));
}

function ownFolder(project: string): string | undefined {
  const ways = ["node_modules", "node_modules/.cache", "node_modules/.cache/merp"].map((way) => join(project, way));
  const isOwn = ways.every((path) => !isThere(path) || lstatSync(path).isDirectory());
  return isOwn ? ways.at(-1) : undefined;
}

/** Also a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
