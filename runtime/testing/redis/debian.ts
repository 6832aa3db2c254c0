import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { type AptSource, readSources } from "./apt-source.js";
import type { RedisVersion } from "./version.js";

/** A package of a distribution's release, and the place of the server in it. */
export interface AptPackage {
  readonly name: "redis-tools" | "valkey-tools";
  /** The release, for example `bookworm`. */
  readonly suite: string;
  /** The server's name. The program acts as the name it is started under. */
  readonly server: "redis-server" | "valkey-server";
  /** The one real program of the package. The server's own package only links to it, and sets up a service. */
  readonly binary: "redis-check-rdb" | "valkey-check-rdb";
  readonly sources: readonly AptSource[];
}

/** The Debian release that has the wanted version. */
const suites: Readonly<Record<Exclude<RedisVersion, "any">, string>> = {
  "redis-7": "bookworm",
  "redis-8": "trixie",
  "valkey-8": "trixie",
};

/**
 * Chooses the package to download, from the mirrors that this system is configured with.
 *
 * @throws Error when this system is neither Debian nor Ubuntu; the message continues "none could be downloaded"
 */
export async function choosePackage(wanted: RedisVersion): Promise<AptPackage> {
  const osRelease = await readFile("/etc/os-release", "utf8").catch(() => "");
  const [, codename] = /^VERSION_CODENAME=["']?([\w-]+)/m.exec(osRelease) ?? [];
  const debian = /^ID=["']?debian["']?$/m.test(osRelease);
  if (process.platform !== "linux" || !codename || !(debian || /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease))) {
    throw new Error("that works only on Debian and Ubuntu");
  }
  // Derived systems, Ubuntu among them, have other release names: their own release must have the version.
  const suite = debian && wanted !== "any" ? suites[wanted] : codename;
  const sources = (await readSources()).flatMap((source) => source.of(codename, suite));
  if (sources.length === 0) {
    throw new Error(`/etc/apt has no package source for ${codename}`);
  }
  return wanted === "valkey-8"
    ? { name: "valkey-tools", suite, server: "valkey-server", binary: "valkey-check-rdb", sources }
    : { name: "redis-tools", suite, server: "redis-server", binary: "redis-check-rdb", sources };
}

/** Downloads the package with its libraries and unpacks them into a folder. Nothing is installed. */
export async function unpack(choice: AptPackage, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const apt = join(folder, "apt");
  for (const part of ["state/lists/partial", "cache/archives/partial", "none"]) {
    await mkdir(join(apt, part), { recursive: true });
  }
  await writeFile(join(apt, "status"), ""); // No package counts as installed, so every library is downloaded.
  await writeFile(join(apt, "our.sources"), choice.sources.map(String).join("\n"));
  await writeFile(join(apt, "apt.conf"), aptConfiguration(apt));
  const run = runner(environment);
  await run("apt-get", ["-c", join(apt, "apt.conf"), "-q", "update"]);
  await run("apt-get", ["-c", join(apt, "apt.conf"), "-q", "-y", "--download-only", "install", choice.name]);
  const archives = join(apt, "cache", "archives");
  const needed = (await readdir(archives)).filter((name) => /^(lib|zlib|redis-tools|valkey-tools).*\.deb$/.test(name));
  await Promise.all(needed.map((name) => run("dpkg-deb", ["--extract", join(archives, name), folder])));
  await rm(apt, { recursive: true });
  await rm(join(folder, "usr", "share"), { recursive: true, force: true });
}

/** The configuration of an apt that reads the system's keys and proxies, and touches nothing else of the system. */
function aptConfiguration(apt: string): string {
  return `
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::State "${apt}/state";
Dir::State::status "${apt}/status";
Dir::Cache "${apt}/cache";
Dir::Etc::SourceList "${apt}/our.sources";
Dir::Etc::SourceParts "${apt}/none";
Dir::Etc::Preferences "${apt}/none/none";
Dir::Etc::PreferencesParts "${apt}/none";
Dir::Log "${apt}/state";
Debug::NoLocking "1";
APT::Sandbox::User "root";
APT::Install-Recommends "0";
APT::Get::AllowUnauthenticated "0";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
`;
}

function runner(environment: NodeJS.ProcessEnv): (command: string, args: readonly string[]) => Promise<void> {
  // dpkg-deb calls tar. Both are in the system's folders, which a minimal PATH may lack.
  const path = [environment["PATH"], "/usr/bin", "/bin", "/usr/sbin", "/sbin"].filter(Boolean).join(":");
  const env = { ...environment, PATH: path, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  return async (command, args) => {
    try {
      await promisify(execFile)(command, args, { env, timeout: 180_000, maxBuffer: 16 * 1024 * 1024 });
    } catch (error) {
      throw new Error(`${command} ${args.at(-1)}: ${reason(error)}`, { cause: error });
    }
  };
}

/** The reason that apt-get printed, in one line. */
function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const said = (stderr ?? "").split("\n").find((line) => line.startsWith("E:") || line.includes("error"));
  return said?.trim() || message.split("\n")[0] || "failed";
}
