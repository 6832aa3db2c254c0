import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { type Sources, sourcesOf } from "../index.js";

/** The schemas of a commit cannot be read. */
export class GitRefError extends Error {
  override readonly name = "GitRefError";
  /** Whether it is certain that a commit was meant. */
  readonly isFinal: boolean;

  constructor(message: string, isFinal = false) {
    super(message);
    this.isFinal = isFinal;
  }
}

const MOST_BYTES = 2 ** 30;

/**
 * The schemas as they were in a commit, read from the repository itself: nothing is checked out and nothing is written.
 *
 * @param ref a commit, branch or tag; with `:path` for where the schemas were then
 * @throws {GitRefError}
 */
export function sourcesAtRef(ref: string, schemasFolder: string): Sources {
  const [name = "", path] = ref.split(/:(.*)/s);
  const prefix = git(schemasFolder, ["rev-parse", "--show-prefix"]);
  if (prefix === undefined) throw new GitRefError("this is no git repository");
  const commit = git(schemasFolder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]);
  if (name === "" || commit === undefined) {
    const isShallow = git(schemasFolder, ["rev-parse", "--is-shallow-repository"])?.toString().trim() === "true";
    const hint = isShallow ? " (this clone is shallow; fetch it first, or clone with the whole history)" : "";
    throw new GitRefError(`it is no commit, branch or tag${hint}`, isShallow);
  }
  const folder = (path ?? prefix.toString().trimEnd()).replace(/^\.?\/+|\/+$/g, "");
  const files = filesOf(schemasFolder, commit.toString().trim(), folder);
  if (files.size === 0) {
    const where = folder === "" ? "its root" : folder;
    const hint = `if they were elsewhere, say so: --against ${name}:path/to/schemas`;
    throw new GitRefError(`the commit ${name} has no schema files in ${where}; ${hint}`, true);
  }
  return sourcesOf(textsOf(schemasFolder, files), folder === "" ? `${name}:` : `${name}:${folder}`);
}

/** The text of a file as it was in a commit; `undefined` if the commit or the file is not there. */
export function textAtRef(ref: string, path: string): string | undefined {
  const [name = ""] = ref.split(":");
  const from = relative(process.cwd(), path).replaceAll("\\", "/");
  return git(".", ["show", "--end-of-options", `${name}:./${from}`])?.toString();
}

/** The ids of the files with schemas, by their paths below the folder. */
export function filesOf(schemasFolder: string, commit: string, folder: string): ReadonlyMap<string, string> {
  const within = folder === "" ? [] : ["--", folder];
  const listed = git(schemasFolder, ["ls-tree", "-r", "-z", "--full-tree", commit, ...within])?.toString() ?? "";
  const files = new Map<string, string>();
  for (const line of listed.split("\0")) {
    const [about = "", path = ""] = line.split("\t");
    const [mode, , id = ""] = about.split(" ");
    // Links and other repositories have no text of their own.
    const isFile = mode === "100644" || mode === "100755";
    if (isFile && path.endsWith(".json")) files.set(folder === "" ? path : path.slice(folder.length + 1), id);
  }
  return files;
}

/** The texts of files by path, from one process, however many they are. */
export function textsOf(schemasFolder: string, files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const output = git(schemasFolder, ["cat-file", "--batch"], `${[...files.values()].join("\n")}\n`);
  const texts = new Map<string, string>();
  let at = 0;
  for (const path of files.keys()) {
    const end = output?.indexOf("\n", at) ?? -1;
    const [, type, size] = output?.subarray(at, end).toString().split(" ") ?? [];
    if (output === undefined || type !== "blob")
      throw new GitRefError(`git does not have the content of ${path}`, true);
    texts.set(path, output.subarray(end + 1, end + 1 + Number(size)).toString());
    at = end + 1 + Number(size) + 1;
  }
  return texts;
}

/** What a command of git prints; `undefined` if it fails. No shell takes part, and git takes no lock. */
export function git(folder: string, parameters: readonly string[], input = ""): Buffer | undefined {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0" };
  const { status, stdout, error } = spawnSync("git", ["-C", folder, ...parameters], {
    input,
    env,
    maxBuffer: MOST_BYTES,
  });
  if (error !== undefined && (error as NodeJS.ErrnoException).code === "ENOENT") {
    throw new GitRefError("the program git is not installed");
  }
  if (error !== undefined) throw new GitRefError(`git failed: ${error.message}`, true);
  return status === 0 ? stdout : undefined;
}
