import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The files cannot be written. Nothing was changed. */
export class UnwritableError extends Error {
  override readonly name = "UnwritableError";
  readonly code = "FILES_UNWRITABLE";
}

/**
 * Writes files, or changes nothing: all texts are on the disk before the first of them gets its name.
 *
 * @param files texts by path, relative to the folder; folders are made as needed
 * @returns takes all of it back
 * @throws {UnwritableError} if one of them cannot be written
 */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): () => void {
  const undo: (() => void)[] = [];
  const takeBack = (): void => {
    for (const step of undo.toReversed()) {
      try {
        step();
      } catch {
        // What cannot be taken back was not done, and must not keep the rest.
      }
    }
  };
  try {
    const staged = [...files].map(([path, text]) => {
      const target = join(folder, path);
      undo.push(...makeFolder(dirname(target)));
      const temporary = `${target}.${randomUUID()}.tmp`;
      undo.push(() => rmSync(temporary, { force: true }));
      writeFileSync(temporary, text);
      return { target, temporary };
    });
    for (const { target, temporary } of staged) {
      const before = existsSync(target) ? readFileSync(target) : undefined;
      renameSync(temporary, target);
      undo.push(() => (before === undefined ? rmSync(target, { force: true }) : writeFileSync(target, before)));
    }
    return takeBack;
  } catch (error) {
    takeBack();
    const { code, path = folder, message } = error as NodeJS.ErrnoException;
    const where = relative(process.cwd(), dirname(resolve(path))) || ".";
    const isForbidden = code === "EACCES" || code === "EROFS" || code === "EPERM";
    const reason = isForbidden ? "may not be written to" : `cannot be written to (${message})`;
    throw new UnwritableError(`nothing was written: the folder ${where} ${reason}`, { cause: error });
  }
}

/** Makes a folder and those around it. Returns how to remove those that did not exist. */
function makeFolder(folder: string): readonly (() => void)[] {
  const missing: string[] = [];
  for (let at = resolve(folder); !existsSync(at); at = dirname(at)) missing.unshift(at);
  return missing.map((path) => {
    mkdirSync(path);
    return () => rmdirSync(path);
  });
}
