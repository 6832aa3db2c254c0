import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { type Block, blocksOf } from "./blocks.js";

/** The file of a walk that a block is, or changes: the paragraph above names it. */
export function fileOf({ above }: Block): string | undefined {
  return /`((?:src|test|schemas)\/[\w./-]+)`/.exec(above)?.[1];
}

/** What a test leaves out: the packages are installed already, and nothing is published. */
const SKIPPED = /^npm (?:install|publish) /;
const QUESTIONLESS = " --yes --no-install --name shop";
/** Where the page shortens a message. */
const ELLIPSIS = "…";

/**
 * Does what a chapter says, block by block, in a folder where the packages are installed: runs the commands, writes and
 * edits the files, and expects of each command what the block behind it shows. Only `merp diff` may find something wrong.
 */
export async function walk(chapter: string, folder: string): Promise<void> {
  let printed = "";
  for (const block of blocksOf(chapter)) {
    const file = fileOf(block);
    const path = join(folder, file ?? "");
    if (block.language === "sh") printed = await runAll(block.text, folder);
    else if (block.language === "") expectShown(block.text, printed);
    else if (file !== undefined && block.language === "diff") {
      await writeFile(path, edited(await readFile(path, "utf8"), block.text));
    } else if (file !== undefined) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, block.text);
    }
  }
}

async function runAll(commands: string, cwd: string): Promise<string> {
  let printed = "";
  for (const command of commands.trim().split("\n")) {
    if (SKIPPED.test(command)) continue;
    const { code, output } = await shell(command.replace(/^npx merp init$/, `$&${QUESTIONLESS}`), cwd);
    const allowed = command.startsWith("npx merp diff") ? [0, 1] : [0];
    expect(allowed, `${command}\n${output}`).toContain(code);
    printed = output;
  }
  return printed;
}

function expectShown(text: string, printed: string): void {
  for (const line of text.trim().split("\n")) {
    const parts = line.split(ELLIPSIS);
    let at = 0;
    for (const part of parts) {
      expect(printed.slice(at)).toContain(part);
      at = printed.indexOf(part, at) + part.length;
    }
  }
}

/** Replaces the lines of a diff that it keeps or removes by those that it keeps or adds. */
function edited(text: string, diff: string): string {
  const lines = diff.trimEnd().split("\n");
  const of = (sign: string): string =>
    lines.flatMap((line) => (line.startsWith(sign) ? [] : [line.slice(1)])).join("\n");
  expect(text.split(of("+")), of("+")).toHaveLength(2);
  return text.replace(of("+"), () => of("-"));
}

function shell(command: string, cwd: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const author = { GIT_AUTHOR_NAME: "Ada", GIT_AUTHOR_EMAIL: "ada@example.com" };
  const committer = { GIT_COMMITTER_NAME: "Ada", GIT_COMMITTER_EMAIL: "ada@example.com" };
  // What npx would find, without npx, which takes half a second each time.
  const PATH = `${join(cwd, "node_modules/.bin")}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH, NO_COLOR: "1", ...author, ...committer };
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command.replace(/^npx /, "")], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        output += text.toString();
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
