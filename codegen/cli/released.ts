import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isVersion, type Released } from "../index.js";
import { BaselineError, baselineOf } from "./baseline.js";
import { textAtRef } from "./git-ref.js";

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly peerDependencies?: unknown;
}

/**
 * A version that was released: an installed package, a folder with one, or a commit, whose tag ends in the version or
 * which has the package in the same folder.
 *
 * @param packageFolder where the package is made
 * @throws {BaselineError} if there is no such thing, or nothing says which version it is
 */
export function releasedAt(since: string, schemasFolder: string, packageFolder: string): Released {
  const { sources, folder } = found(since, schemasFolder);
  const read = (file: string): string | undefined => {
    if (folder === undefined) return textAtRef(since, join(packageFolder, file));
    return existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : undefined;
  };
  const manifest = parsed(read("package.json"));
  const tagged = folder === undefined ? /(?<![\d.])\d+\.\d+\.\d+$/.exec(since)?.[0] : undefined;
  const version = tagged ?? manifest.version;
  if (typeof version !== "string" || !isVersion(version)) throw new BaselineError(unversioned(since, folder, version));
  return {
    what: since,
    version,
    sources,
    name: typeof manifest.name === "string" ? manifest.name : undefined,
    changelog: read("CHANGELOG.md"),
    peers: (manifest.peerDependencies ?? {}) as Readonly<Record<string, string>>,
  };
}

function found(since: string, schemasFolder: string): ReturnType<typeof baselineOf> {
  try {
    return baselineOf(since, schemasFolder);
  } catch (error) {
    const [, name] = /^((?:@[^@/]+\/)?[^@/]+)@\S+$/.exec(since) ?? [];
    if (!(error instanceof BaselineError) || name === undefined) throw error;
    throw new BaselineError(
      `${error.message}; to compare with a published version: npm install --no-save ${since}, then --since ${name}`,
    );
  }
}

function unversioned(since: string, folder: string | undefined, version: unknown): string {
  if (typeof version === "string")
    return `${since} has the version "${version}", and only versions such as 1.2.0 are counted on; give the next one: --release-as`;
  return folder === undefined
    ? `nothing says which version was released at ${since}: give a tag that ends in it, such as v1.2.0, or the package itself`
    : `nothing says which version ${since} is: it has no package.json with a version, so it was not released; give the package itself, or a tag such as v1.2.0`;
}

function parsed(text: string | undefined): Manifest {
  try {
    return (JSON.parse(text ?? "{}") ?? {}) as Manifest;
  } catch {
    return {};
  }
}
