import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { load, type Sources } from "../index.js";
import { GitRefError, sourcesAtRef } from "./git-ref.js";

/** What to compare with cannot be found or read. */
export class BaselineError extends Error {
  override readonly name = "BaselineError";
  readonly code = "BASELINE_UNREADABLE";
}

const PACKAGE = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i;

/** Another version of the catalogue, and where it was found. */
export interface Baseline {
  readonly sources: Sources;
  /** The folder that holds its folder of schemas; `undefined` for a commit. */
  readonly folder: string | undefined;
}

/**
 * The schemas of another version: those of a folder, of a commit of this repository, or of an installed package. What
 * begins like a path is a folder; of anything else a commit comes first.
 *
 * @param schemasFolder where the schemas are now, and were in the commit
 * @throws {BaselineError} if it is none of these, or has no schemas
 */
export function baselineOf(against: string, schemasFolder: string): Baseline {
  if (/^(?:\.{1,2}(?:[/\\]|$)|[/\\]|[A-Za-z]:[/\\])/.test(against)) return ofFolder(against);
  let notCommit: string;
  try {
    return { sources: sourcesAtRef(against, schemasFolder), folder: undefined };
  } catch (error) {
    if (!(error instanceof GitRefError)) throw error;
    if (error.isFinal) throw new BaselineError(error.message);
    notCommit = error.message;
  }
  if (isFolder(against)) return ofFolder(against);
  const installed = packageFolder(against);
  if (installed !== undefined) return ofPackage(against, installed);
  const hint = "give a git ref such as main or v1.2.0, a folder such as ./released/schemas, or an installed package";
  throw new BaselineError(
    `there is nothing called "${against}" to compare with: ${notCommit}, and no folder and no package has this name; ${hint}`,
  );
}

function ofFolder(path: string): Baseline {
  if (!isFolder(path)) throw new BaselineError(`the folder ${path} does not exist`);
  const inner = join(path, "schemas");
  // The folder of a project will do.
  const isProject = !existsSync(join(path, "catalogue.json")) && isFolder(inner);
  const sources = withSchemas(load(isProject ? inner : path), `the folder ${path}`);
  return { sources, folder: isProject ? path : dirname(resolve(path)) };
}

function ofPackage(name: string, folder: string): Baseline {
  const schemas = join(folder, "schemas");
  if (!isFolder(schemas))
    throw new BaselineError(`the package ${name} has no folder "schemas", so it ships no catalogue`);
  return { sources: withSchemas(load(schemas), `the package ${name}`), folder };
}

function withSchemas(sources: Sources, what: string): Sources {
  if (sources.schemas.length === 0) throw new BaselineError(`${what} has no schema files`);
  return sources;
}

/** Where a package is installed, as Node.js would find it from here. */
function packageFolder(name: string): string | undefined {
  if (!PACKAGE.test(name)) return undefined;
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (isFolder(found)) return found;
    if (folder === dirname(folder)) return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
