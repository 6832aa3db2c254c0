import { configuredRedis, type ExternalRedis } from "./configured.js";
import { redisNotFound } from "./not-found.js";
import { obtainPackage, type RedisDownload } from "./package.js";
import { findProgram, type RedisProgram } from "./program.js";
import { type RedisVersion, wantedVersion } from "./version.js";

/** A configured Redis, or a program that can start a private one. */
export type FoundRedis = ExternalRedis | { readonly external: false; readonly program: RedisProgram };

/**
 * Finds a Redis. It tries a configured one, then a server on this system, then, on Debian and Ubuntu, a private copy of
 * the package, which is downloaded once. It starts nothing.
 *
 * @param environment - its `REDIS_…`, `PATH` and `HOME` are used
 * @throws RedisNotFoundError when there is none; its message names the command that installs one on this system
 */
export async function findRedis(
  environment: NodeJS.ProcessEnv = process.env,
  version: RedisVersion = wantedVersion(environment),
): Promise<FoundRedis> {
  const configured = configuredRedis(environment);
  return configured ?? { external: false, program: await findPrivateProgram(environment, version) };
}

/** Finds a program to run, even if a Redis is configured. */
export async function findPrivateProgram(
  environment: NodeJS.ProcessEnv,
  version: RedisVersion,
  onDownload?: (download: RedisDownload) => void,
): Promise<RedisProgram> {
  // Servers share one search. A failed search is repeated, because the network may have been the cause.
  const key = [version, environment["PATH"], environment["HOME"], environment["XDG_CACHE_HOME"]].join("\0");
  const search = searches.get(key) ?? searchPrivateProgram(environment, version, onDownload);
  searches.set(key, search);
  search.catch(() => searches.delete(key));
  return await search;
}

const searches = new Map<string, Promise<RedisProgram>>();

async function searchPrivateProgram(
  environment: NodeJS.ProcessEnv,
  version: RedisVersion,
  onDownload?: (download: RedisDownload) => void,
): Promise<RedisProgram> {
  const installed = await findProgram(environment, version);
  if (installed) {
    return installed;
  }
  try {
    return await obtainPackage(environment, version, onDownload);
  } catch (error) {
    throw await redisNotFound(environment, version, error);
  }
}
