import { configuredRedis, type ExternalRedis } from "./configured.js";
import { redisNotFound } from "./not-found.js";
import { obtainPackage } from "./package.js";
import { findProgram, type RedisProgram } from "./program.js";
import { type RedisVersion, wantedVersion } from "./version.js";

/** Where a Redis comes from: somebody's, or a program of which a private one can be started. */
export type FoundRedis = ExternalRedis | { readonly external: false; readonly program: RedisProgram };

/**
 * Looks for a Redis, step by step: a configured one; a server on this system; on Debian and Ubuntu a private copy of the
 * package, downloaded once. Starts nothing.
 *
 * @param environment - whose `REDIS_…`, `PATH` and `HOME` count
 * @throws RedisNotFoundError when there is none; its message names the command that installs one on this system
 */
export async function findRedis(
  environment: NodeJS.ProcessEnv = process.env,
  version: RedisVersion = wantedVersion(environment),
): Promise<FoundRedis> {
  const configured = configuredRedis(environment);
  return configured ?? { external: false, program: await findPrivateProgram(environment, version) };
}

/** The ladder without its first step: a program to run, whatever is configured. */
export async function findPrivateProgram(environment: NodeJS.ProcessEnv, version: RedisVersion): Promise<RedisProgram> {
  // Twenty servers are started with one search, and one that failed is made again: it may have been the network.
  const key = [version, environment["PATH"], environment["HOME"], environment["XDG_CACHE_HOME"]].join("\0");
  const search = searches.get(key) ?? searchPrivateProgram(environment, version);
  searches.set(key, search);
  search.catch(() => searches.delete(key));
  return await search;
}

const searches = new Map<string, Promise<RedisProgram>>();

async function searchPrivateProgram(environment: NodeJS.ProcessEnv, version: RedisVersion): Promise<RedisProgram> {
  const installed = await findProgram(environment, version);
  if (installed) {
    return installed;
  }
  try {
    return await obtainPackage(environment, version);
  } catch (error) {
    throw await redisNotFound(environment, version, error);
  }
}
