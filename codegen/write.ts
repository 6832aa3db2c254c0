// write.ts brings the output folder to the generated files; it may import manifest.ts.

import { randomUUID } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import {
  type Form,
  holdingOf,
  MANIFEST,
  type Manifest,
  printManifest,
  readManifest,
  schemasFrom,
  typeScript,
} from "./manifest.js";

/** The folder to generate into. */
export interface Output {
  readonly folder: string;
  readonly schemasFolder: string;
  /** The texts of files in the folder that have been read already. */
  readonly present?: ReadonlyMap<string, string | undefined>;
  /** @defaultValue that of TypeScript */
  readonly form?: Form;
}

/** The difference between an output folder and the generated files. */
export interface Changes {
  /** New and changed files. */
  readonly written: readonly FileChange[];
  /** Files generated from schemas that no longer exist. */
  readonly removed: readonly FileChange[];
  readonly unchanged: number;
}

export interface FileChange {
  readonly path: string;
  /** Empty for a new file. */
  readonly before: string;
  /** Empty for a removed file. */
  readonly after: string;
}

/** A file that merp did not generate has the path of a generated file. Nothing was written. */
export class OutputTakenError extends Error {
  override readonly name = "OutputTakenError";
  readonly code = "OUTPUT_TAKEN";
  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super(
      `merp does not overwrite files that it did not generate; move them or change the output: ${paths.join(", ")}`,
    );
    this.paths = paths;
  }
}

/** The output folder is not one that merp may write to. Nothing was written. */
export class OutputRefusedError extends Error {
  override readonly name = "OutputRefusedError";
  readonly code = "OUTPUT_REFUSED";
}

/**
 * Compares an output folder with the generated files. Writes nothing.
 * @throws {OutputRefusedError} the folder is outside the project, behind a link, or another catalogue's
 * @throws {OutputTakenError} a generated file has the path of another file
 */
export function compareOutput(output: Output, generated: ReadonlyMap<string, string>): Changes {
  const { folder, form = typeScript } = output;
  assertSuitable(output, generated);
  const known = readManifest(folder, form);
  const listed = new Set(known?.files);
  const files = new Map([...generated, [MANIFEST, manifestOf(output, [...generated.keys()])]]);
  const present = new Map<string, string>();
  const taken: string[] = [];
  for (const [path, text] of files) {
    const found = statOf(join(folder, path));
    if (found === undefined) continue;
    const before = found.isFile() ? (output.present?.get(path) ?? readFileSync(join(folder, path), "utf8")) : undefined;
    if (before !== undefined && isOwn(path, before, text)) present.set(path, before);
    else taken.push(join(folder, path));
  }
  if (taken.length > 0) throw new OutputTakenError(taken);
  const written = [...files]
    .filter(([path, text]) => present.get(path) !== text)
    .map(([path, text]) => ({ path, before: present.get(path) ?? "", after: text }));
  const removed = [...listed]
    .filter((path) => !files.has(path) && !passesLink(folder, path) && statOf(join(folder, path))?.isFile())
    .map((path) => ({ path, before: readFileSync(join(folder, path), "utf8"), after: "" }))
    .filter(({ before }) => form.isOwn(before));
  const byPath = (a: FileChange, b: FileChange): number => (a.path < b.path ? -1 : 1);
  return { written: written.sort(byPath), removed: removed.sort(byPath), unchanged: files.size - written.length };

  /** Without a manifest, an earlier version wrote the folder, and its files are known by their first line. */
  function isOwn(path: string, before: string, after: string): boolean {
    if (path === MANIFEST) return known !== undefined;
    if (known !== undefined) return listed.has(path) && form.isOwn(before);
    return form === typeScript && form.isOwn(before) && firstLine(before) === firstLine(after);
  }
}

/**
 * Applies the changes. Each file is replaced atomically, and unchanged files are not touched. Files are written one
 * after the other because writing a thousand small files concurrently takes twice as long.
 */
export function writeOutput(output: Output, { written, removed }: Changes): void {
  const { folder } = output;
  for (const path of new Set(written.map((change) => dirname(join(folder, change.path))))) {
    mkdirSync(path, { recursive: true });
  }
  const manifest = written.find(({ path }) => path === MANIFEST);
  if (manifest !== undefined) {
    // What a crash leaves behind is in the manifest too.
    const { files } = JSON.parse(manifest.after) as Manifest;
    replaceFile(join(folder, MANIFEST), manifestOf(output, [...files, ...removed.map(({ path }) => path)]));
  }
  for (const { path, after } of written) if (path !== MANIFEST) replaceFile(join(folder, path), after);
  for (const { path } of removed) {
    rmSync(join(folder, path));
    removeEmptyFolders(folder, dirname(path));
  }
  if (manifest !== undefined) replaceFile(join(folder, MANIFEST), manifest.after);
}

function assertSuitable(
  { folder, schemasFolder, form = typeScript }: Output,
  files: ReadonlyMap<string, string>,
): void {
  const project = projectOf(schemasFolder);
  const [target, schemas] = [resolve(folder), resolve(schemasFolder)] as const;
  if (!isWithin(target, project))
    throw new OutputRefusedError("is outside the project, the nearest folder around the schemas with a package.json");
  if (isWithin(schemas, target) || isWithin(target, schemas)) {
    throw new OutputRefusedError("must be a folder of its own, neither in nor around the schemas folder");
  }
  const link = passesLink(project, relative(project, target));
  if (link !== undefined) throw new OutputRefusedError(`leads through the link ${shown(link)}`);
  const own = schemasFrom(folder, schemasFolder);
  for (let above = target; isWithin(above, project); above = dirname(above)) {
    const manifest = readManifest(above);
    if (manifest === undefined) continue;
    const { schemas: owner } = manifest;
    if (above === target && owner === own && manifest.form === form.name) continue;
    if (above === target && owner === own) {
      throw new OutputRefusedError(`holds ${holdingOf(manifest.form)} already; give each a folder of its own`);
    }
    const where = above === target ? "belongs to" : `is inside ${shown(above)}, which belongs to`;
    const gone = `if that is gone, delete ${shown(join(above, MANIFEST))}`;
    throw new OutputRefusedError(`${where} the catalogue in ${shown(join(above, owner))}; ${gone}`);
  }
  for (const inner of new Set([...files.keys()].map((path) => dirname(path)))) {
    if (inner === ".") continue;
    const behind = passesLink(folder, inner);
    if (behind !== undefined) throw new OutputRefusedError(`contains the link ${shown(behind)}`);
    if (readManifest(join(folder, inner)) !== undefined) {
      throw new OutputRefusedError(`contains the output of another catalogue, ${shown(join(folder, inner))}`);
    }
  }
}

/** The nearest folder around the schemas with a `package.json`; without one, the folder that holds the schemas. */
export function projectOf(schemasFolder: string): string {
  const parent = dirname(resolve(schemasFolder));
  for (let folder = parent; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return parent;
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(folder, way) === path;
}

/** The first symbolic link on the way from a folder down to a path; `undefined` if there is none. */
function passesLink(folder: string, way: string): string | undefined {
  let at = folder;
  for (const name of way.split(/[\\/]/).filter((part) => part !== "")) {
    at = join(at, name);
    if (statOf(at)?.isSymbolicLink()) return at;
  }
  return undefined;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function manifestOf({ folder, schemasFolder, form = typeScript }: Output, files: readonly string[]): string {
  return printManifest({ schemas: schemasFrom(folder, schemasFolder), form: form.name, files });
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}

function shown(path: string): string {
  return (relative(process.cwd(), path) || ".").replaceAll("\\", "/");
}

function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function removeEmptyFolders(root: string, folder: string): void {
  if (folder === ".") return;
  try {
    rmdirSync(join(root, folder));
  } catch {
    return;
  }
  removeEmptyFolders(root, dirname(folder));
}
