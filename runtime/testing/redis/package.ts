import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { type AptPackage, choosePackage, unpack } from "./debian.js";
import { identify, type RedisProgram } from "./program.js";
import { type RedisVersion, satisfies } from "./version.js";

/** A package that is about to be downloaded. */
export interface RedisDownload {
  /** For example `redis-tools`. */
  readonly name: string;
  /** Where it will be kept for later. */
  readonly folder: string;
}

/**
 * Returns a private copy of the system's own Redis package, from a cache in the home folder. No root is needed. The
 * first call downloads it (some 20 MB, in seconds); later calls use the cache.
 *
 * Several processes may do so at once. Each unpacks into its own folder, tests it, and renames it to its final name.
 * The first rename wins, and the cached copy is always complete.
 */
export async function obtainPackage(
  environment: NodeJS.ProcessEnv,
  wanted: RedisVersion,
  onDownload?: (download: RedisDownload) => void,
): Promise<RedisProgram> {
  const choice = await choosePackage(wanted);
  const cache = cacheFolder(environment);
  const place = join(cache, `${choice.name}-${choice.suite}-${process.arch}`);
  const cached = await readPackage(place, choice, wanted);
  if (cached) {
    return cached;
  }
  onDownload?.({ name: choice.name, folder: place });
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const draft = join(cache, `draft-${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await unpack(choice, draft, environment);
    if (!(await readPackage(draft, choice, wanted))) {
      throw new Error(`the package ${choice.name} of ${choice.suite} has no ${wanted} that runs on this machine`);
    }
    await putInPlace(draft, place, choice, wanted);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const obtained = await readPackage(place, choice, wanted);
  if (!obtained) {
    throw new Error(`the server in ${place} does not run`);
  }
  return obtained;
}

function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const caches = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  return join(caches, "m-erp-messaging", "redis");
}

/** Keeps a folder that another process put in place first, but replaces one that does not run. */
async function putInPlace(draft: string, place: string, choice: AptPackage, wanted: RedisVersion): Promise<void> {
  try {
    await rename(draft, place);
  } catch (error) {
    if (await readPackage(place, choice, wanted)) {
      return;
    }
    const broken = `${draft}-broken`;
    await rename(place, broken).catch(() => {
      throw error;
    });
    await rm(broken, { recursive: true, force: true });
    await rename(draft, place);
  }
}

/** Removes the drafts of killed processes. A draft that is still being written is minutes old at most. */
async function removeAbandoned(cache: string): Promise<void> {
  const hourAgo = Date.now() - 3_600_000;
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (name.startsWith("draft-") && ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now()) < hourAgo) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/**
 * Returns the program in an unpacked package. The package's own loader runs it with the package's own libraries, so
 * neither depends on those of the system.
 */
async function readPackage(
  folder: string,
  choice: AptPackage,
  wanted: RedisVersion,
): Promise<RedisProgram | undefined> {
  const loader = await findLoader(folder);
  if (!loader) {
    return undefined;
  }
  const libraries = [loader.folder, join(folder, "usr", "lib", loader.triplet)].join(":");
  const before = [
    ...["--library-path", libraries, "--argv0", choice.server],
    join(folder, "usr", "bin", choice.binary),
  ];
  const command = join(loader.folder, loader.name);
  const identity = await identify(command, before);
  return identity && satisfies(identity, wanted)
    ? { ...identity, command, arguments: before, source: "package" }
    : undefined;
}

interface Loader {
  readonly folder: string;
  readonly name: string;
  /** For example `x86_64-linux-gnu`. */
  readonly triplet: string;
}

async function findLoader(root: string): Promise<Loader | undefined> {
  for (const libraries of [join(root, "usr", "lib"), join(root, "lib")]) {
    for (const triplet of await readdir(libraries).catch(() => [])) {
      const folder = join(libraries, triplet);
      const names = await readdir(folder).catch(() => []);
      const name = names.find((candidate) => /^ld(-linux|64).*\.so\.\d+$/.test(candidate));
      if (name) {
        return { folder, name, triplet };
      }
    }
  }
  return undefined;
}
