import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Where and how a program runs. */
export interface ProgramOptions {
  /** @defaultValue the repository */
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a program to its end and returns what it printed on its standard output.
 *
 * @throws with all that it printed when it fails, or has not ended within three minutes
 */
export function run(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: "1", ...options.environment };
    execFile(program, args, { cwd: options.cwd ?? root, env, timeout: 180_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")} failed\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** A program that an installed package brought. */
export function runInstalled(name: string, args: readonly string[], options?: ProgramOptions): Promise<string> {
  return run(`${root}/node_modules/.bin/${name}`, args, options);
}
