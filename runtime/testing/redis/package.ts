import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { type AptPackage, choosePackage, unpack } from "./debian.js";
import { identify, type RedisProgram } from "./program.js";
import { type RedisVersion, satisfies } from "./version.js";

/**
 * A private copy of the system's own Redis package, in a cache in the home folder; no root is needed.
 * The first call downloads (some 20 MB, seconds), later ones find it there.
 *
 * Several processes may do so at once: each unpacks into a folder of its own, proves it, and renames it into place;
 * the first rename wins, and what is in place is always whole.
 */
export async function obtainPackage(environment: NodeJS.ProcessEnv, wanted: RedisVersion): Promise<RedisProgram> {
  const choice = await choosePackage(wanted);
  const cache = cacheFolder(environment);
  const place = join(cache, `${choice.name}-${choice.suite}-${process.arch}`);
  const cached = await readPackage(place, choice, wanted);
  if (cached) {
    return cached;
  }
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const draft = join(cache, `draft-${process.pid}-${randomBytes(4).toString("hex")}`);
  try {
    await unpack(choice, draft, environment);
    if (!(await readPackage(draft, choice, wanted))) {
      throw new Error(`the package ${choice.name} of ${choice.suite} holds no ${wanted} that runs here`);
    }
    await putInPlace(draft, place, choice, wanted);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const obtained = await readPackage(place, choice, wanted);
  if (!obtained) {
    throw new Error(`${place} does not run`);
  }
  return obtained;
}

function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const caches = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  return join(caches, "m-erp-messaging", "redis");
}

/** A folder that another process put in place first is as good as ours; one that does not run makes way. */
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

/** Drafts of processes that were killed; one that is still being written is minutes old at most. */
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
 * The program in an unpacked package. It is run by the package's own loader with the package's own libraries, so that
 * neither need fit this system's.
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
