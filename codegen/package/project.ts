import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isObject } from "../schema/walk.js";
import { projectOf } from "../write.js";
import { PackageRefusedError } from "./failure.js";

/** What the package takes from the project that makes it. */
export interface Project {
  /** The fields of its package.json. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The text of its licence. */
  readonly license: string | undefined;
}

/** A package that the project has installed. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  /** The versions of Node that it runs on. */
  readonly node: string | undefined;
  readonly folder: string;
}

/** Reads the project around a folder of schemas. @throws {PackageRefusedError} if its package.json is not valid JSON */
export function readProject(schemasFolder: string): Project {
  const folder = projectOf(schemasFolder);
  const license = join(folder, "LICENSE");
  const facts = existsSync(join(folder, "package.json")) ? readObject(join(folder, "package.json")) : {};
  if (facts === undefined) throw new PackageRefusedError("the project's package.json is not valid JSON; mend it first");
  return { facts, license: existsSync(license) ? readFileSync(license, "utf8") : undefined };
}

/** Finds a package that the project has installed, or that the project is. */
export function findInstalled(name: string, schemasFolder: string): Installed | undefined {
  const project = resolve(projectOf(schemasFolder));
  for (let from = project; ; from = dirname(from)) {
    const found = facts(join(from, "node_modules", name));
    if (found !== undefined) return found;
    if (from === dirname(from)) break;
  }
  return readProject(schemasFolder).facts["name"] === name ? facts(project) : undefined;

  function facts(folder: string): Installed | undefined {
    const manifest = join(folder, "package.json");
    const { version, engines } = (existsSync(manifest) && readObject(manifest)) || {};
    if (typeof version !== "string") return undefined;
    const node = isObject(engines) && typeof engines["node"] === "string" ? engines["node"] : undefined;
    return { name, version, node, folder: realpathSync(folder) };
  }
}

/** The object that a file of JSON holds; `undefined` if it holds none. */
export function readObject(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8").replace(/^\ufeff/, ""));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
