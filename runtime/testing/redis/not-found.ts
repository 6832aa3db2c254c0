import { readFile } from "node:fs/promises";
import { delimiter } from "node:path";

import { usualFolders } from "./program.js";
import { oldestRedis, type RedisVersion } from "./version.js";

/** No Redis is configured, installed or downloadable. The message ends with the command that installs one. */
export class RedisNotFoundError extends Error {
  readonly code = "REDIS_NOT_FOUND";
  override readonly name = "RedisNotFoundError";
}

/** An error that says where Redis was searched for and what to do. */
export async function redisNotFound(
  environment: NodeJS.ProcessEnv,
  wanted: RedisVersion,
  whyNotObtained: unknown,
): Promise<RedisNotFoundError> {
  const server = wanted === "any" ? `Redis ${oldestRedis} or newer, or Valkey` : wanted;
  const path = environment["PATH"]?.split(delimiter).join(" ") || "empty";
  const reason = whyNotObtained instanceof Error ? whyNotObtained.message : String(whyNotObtained);
  return new RedisNotFoundError(
    `${server} was not found: no such redis-server or valkey-server is on the PATH (${path}) ` +
      `or in ${usualFolders.join(" ")}, and none could be downloaded (${reason}). ${await remedy()}`,
    { cause: whyNotObtained },
  );
}

async function remedy(): Promise<string> {
  const command = await installCommand();
  const orConfigured = "or set REDIS_URL to a running Redis.";
  return command ? `Run "${command}", ${orConfigured}` : `Install one, ${orConfigured}`;
}

/** The command that installs a server on this system; `undefined` for an unknown system. */
export async function installCommand(platform: NodeJS.Platform = process.platform): Promise<string | undefined> {
  switch (platform) {
    case "darwin":
      return "brew install valkey";
    case "win32":
      return "docker run --rm -p 6379:6379 valkey/valkey";
    case "linux":
      return installCommandOfLinux(await readFile("/etc/os-release", "utf8").catch(() => ""));
    default:
      return undefined;
  }
}

/** Looks up the system's name and the names of its parents: `ID=ubuntu`, `ID_LIKE="rhel fedora"`. */
function installCommandOfLinux(osRelease: string): string | undefined {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(
    ([, value]) => value?.split(" ") ?? [],
  );
  const commands: Readonly<Record<string, string>> = {
    debian: "sudo apt-get install redis-server",
    ubuntu: "sudo apt-get install redis-server",
    fedora: "sudo dnf install valkey",
    rhel: "sudo dnf install valkey",
    alpine: "sudo apk add valkey",
    arch: "sudo pacman -S valkey",
    suse: "sudo zypper install valkey",
  };
  return ids.map((id) => commands[id]).find((command) => command !== undefined);
}
