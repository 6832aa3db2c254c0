import { isUtf8 } from "node:buffer";
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Rule } from "../schema/rule.js";
import { CatalogueError, type Problem } from "./problem.js";

/**
 * Reads the texts of every `.json` file below a folder, by path. What another file system or another tool would take for
 * a schema file is refused rather than passed over.
 *
 * @throws {CatalogueError} if the folder does not exist, or a file cannot be read as it is
 */
export function readTexts(folder: string): ReadonlyMap<string, string> {
  const problems: Problem[] = [];
  const texts = new Map<string, string>();
  for (const entry of entriesOf(folder)) {
    const path = join(entry.parentPath, entry.name).slice(join(folder, "/").length).replaceAll("\\", "/");
    const text = textOf(join(folder, path), entry);
    if (typeof text === "string") texts.set(path, text);
    else if (text !== undefined) problems.push(problemOf(shownPath(folder, path), text));
  }
  if (problems.length > 0) throw new CatalogueError(problems);
  return texts;
}

type Fault = readonly [rule: Rule, sentence: string];

/** The text of a schema file, or why it has none; `undefined` for what is no schema file. */
function textOf(file: string, entry: Dirent): string | Fault | undefined {
  const isNamed = /\.json$/i.test(entry.name);
  if (entry.isSymbolicLink()) {
    // Emacs locks a file that has unsaved changes by a link beside it, which leads nowhere.
    const isMeant = !entry.name.startsWith(".#") && (isNamed || leadsToFolder(file));
    return isMeant ? ["file-path", "is a link, which is not followed; put what it leads to in its place"] : undefined;
  }
  if (!entry.isFile() || !isNamed) return undefined;
  if (!entry.name.endsWith(".json")) return ["file-path", 'the name of a schema file ends in ".json" in lower case'];
  const bytes = bytesOf(file);
  if (typeof bytes === "string") return ["file-path", `cannot be read: ${bytes}`];
  // Node would put a replacement character for each byte that is none, also in names and constants.
  return isUtf8(bytes) ? bytes.toString("utf8") : ["unicode", "is not encoded in UTF-8; save it in UTF-8"];
}

/** What a file holds, or the code of the error. */
function bytesOf(file: string): Buffer | string {
  try {
    return readFileSync(file);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function leadsToFolder(link: string): boolean {
  try {
    return statSync(link).isDirectory();
  } catch {
    // It leads nowhere, or to itself.
    return false;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    const sentence = "the folder does not exist; give the folder that holds catalogue.json";
    throw new CatalogueError([problemOf(folder, ["folder", sentence])]);
  }
}

function problemOf(file: string, [rule, sentence]: Fault): Problem {
  return { file, line: 1, column: 1, pointer: "", rule, sentence };
}

/** The path of a file as problems name it. */
export function shownPath(folder: string, path: string): string {
  return join(folder, path).replaceAll("\\", "/");
}
