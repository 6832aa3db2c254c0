import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { type RedisIdentity, type RedisVersion, readIdentity, satisfies } from "./version.js";

/** A server that can be run here. */
export interface RedisProgram extends RedisIdentity {
  readonly command: string;
  /** What comes before the server's own arguments (a private copy is run by its own loader). */
  readonly arguments: readonly string[];
  /** Found on this system, or a private copy of a package. */
  readonly source: "path" | "package";
}

/** Where Homebrew, MacPorts and `make install` put servers, for those whose PATH does not say so (editors, cron). */
export const usualFolders: readonly string[] = [
  "/opt/homebrew/bin",
  "/opt/homebrew/opt/valkey/bin",
  "/opt/homebrew/opt/redis/bin",
  "/home/linuxbrew/.linuxbrew/bin",
  "/opt/local/bin",
  "/usr/local/bin",
];

const names = ["redis-server", "valkey-server"] as const;

/** The first server that will do, on the PATH or in the usual folders; `undefined` when there is none. */
export async function findProgram(
  environment: NodeJS.ProcessEnv,
  wanted: RedisVersion,
): Promise<RedisProgram | undefined> {
  const path = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of new Set([...path, ...usualFolders])) {
    for (const name of names) {
      const command = join(folder, name);
      const identity = await identify(command, []);
      if (identity && satisfies(identity, wanted)) {
        return { ...identity, command, arguments: [], source: "path" };
      }
    }
  }
  return undefined;
}

/** Runs it with `--version`: the proof that it works here; `undefined` when it does not. */
export async function identify(command: string, before: readonly string[]): Promise<RedisIdentity | undefined> {
  try {
    await access(command, constants.X_OK);
    const { stdout } = await promisify(execFile)(command, [...before, "--version"], { timeout: 10_000 });
    return readIdentity(stdout);
  } catch {
    return undefined; // Not there, not for this machine, or broken: the ladder's next step is tried.
  }
}
