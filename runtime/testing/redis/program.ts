import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { type RedisIdentity, type RedisVersion, readIdentity, satisfies } from "./version.js";

/** A server program that runs on this machine. */
export interface RedisProgram extends RedisIdentity {
  readonly command: string;
  /** Arguments before the server's own: a private copy is run by its own loader. */
  readonly arguments: readonly string[];
  /** `path`: installed on this system. `package`: a private copy of a package. */
  readonly source: "path" | "package";
}

/** The folders of Homebrew, MacPorts and `make install`, for a PATH that lacks them, as in editors and cron. */
export const usualFolders: readonly string[] = [
  "/opt/homebrew/bin",
  "/opt/homebrew/opt/valkey/bin",
  "/opt/homebrew/opt/redis/bin",
  "/home/linuxbrew/.linuxbrew/bin",
  "/opt/local/bin",
  "/usr/local/bin",
];

const names = ["redis-server", "valkey-server"] as const;

/** The first suitable server on the PATH or in the usual folders; `undefined` if there is none. */
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

/** Runs a program with `--version`, which proves that it works here; `undefined` if it does not. */
export async function identify(command: string, before: readonly string[]): Promise<RedisIdentity | undefined> {
  try {
    await access(command, constants.X_OK);
    const { stdout } = await promisify(execFile)(command, [...before, "--version"], { timeout: 10_000 });
    return readIdentity(stdout);
  } catch {
    return undefined; // Missing, broken, or built for another machine: the caller tries the next program.
  }
}
