import { execFile } from "node:child_process";
import { join } from "node:path";
import { folder } from "./installation.js";

/** Hears of one check that was made, and of its error if it failed. */
export type Told = (check: string, error?: unknown) => void;

/** Runs a program of the folder, which prints a line of JSON for each check. */
export async function runChecks(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  told: Told,
): Promise<void> {
  const [program = "", ...args] = command;
  const env = { ...process.env, ...environment, DENO_DIR: join(folder, ".deno"), NO_COLOR: "1" };
  const [stdout, problem] = await new Promise<[string, string | undefined]>((resolve) => {
    execFile(program, args, { cwd: folder, env, timeout: 180_000 }, (error, out, err) =>
      resolve([out, error === null ? undefined : `${error.message}\n${err}`]),
    );
  });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  for (const { check, error } of lines.map((line) => JSON.parse(line) as { check: string; error?: string }))
    told(check, error);
  if (problem !== undefined || lines.length === 0) told("runs to its end", problem ?? "it printed nothing");
}
