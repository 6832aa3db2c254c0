import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { type Form, readManifest } from "../manifest.js";
import { type Changes, compareOutput, OutputRefusedError, OutputTakenError, writeOutput } from "../write.js";
import { PackageRefusedError } from "./failure.js";

/** Compiled code and licences have no place for a mark, so the manifest alone says which files are merp's. */
const packaged: Form = {
  name: "package",
  paths: /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/.+\.(?:js|d\.ts)|schemas\/.+\.json)$/,
  isOwn: () => true,
};

/** Folders that hold nothing else, because all of them is published. */
const WHOLE = ["dist", "schemas"];

/**
 * Writes the files of a package.
 *
 * @throws {PackageRefusedError} if the folder cannot hold it
 * @throws {OutputTakenError} if other files are where these go, or would be published with them. In both cases nothing
 * was written
 */
export function writePackage(folder: string, schemasFolder: string, files: ReadonlyMap<string, string>): Changes {
  const place = { folder, schemasFolder, form: packaged };
  try {
    const changes = compareOutput(place, files);
    const listed = new Set(readManifest(folder, packaged)?.files);
    const others = WHOLE.flatMap((inner) => filesIn(folder, inner)).filter((path) => !listed.has(path));
    if (others.length > 0) throw new OutputTakenError(others.map((path) => join(folder, path)));
    writeOutput(place, changes);
    return changes;
  } catch (error) {
    if (!(error instanceof OutputRefusedError)) throw error;
    throw new PackageRefusedError(`the folder of the package ${error.message}`);
  }
}

function filesIn(folder: string, inner: string): readonly string[] {
  const start = join(folder, inner);
  if (statSync(start, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}
