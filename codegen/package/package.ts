// package/ makes a package of a catalogue; it may import compile.ts, manifest.ts, write.ts, diff/, print/, model/, load/,
// schema/ and the runtime's contract.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Compiled, type CompileOptions, compile, soundModelOf } from "../compile.js";
import { readTexts } from "../load/folder.js";
import { load, type Sources } from "../load/load.js";
import type { Model } from "../model/model.js";
import { isObject } from "../schema/walk.js";
import type { Changes } from "../write.js";
import { changelogOf } from "./changelog.js";
import { PackageRefusedError } from "./failure.js";
import { writePackage } from "./folder.js";
import { compileJavaScript } from "./javascript.js";
import { kindIndexes, printKindIndexes } from "./kind-index.js";
import { peersOf, printPackageJson } from "./package-json.js";
import { findInstalled, type Installed, readObject, readProject } from "./project.js";
import { printReadme } from "./readme.js";
import { firstRelease, nextRelease, otherChanges, peerChanges, type Release, type Released } from "./release.js";

/** How a package is made. */
export interface PackageOptions {
  /** @defaultValue that of the last release, else the catalogue's */
  readonly name?: string | undefined;
  /** The last release. @defaultValue there was none */
  readonly since?: Released | undefined;
  /** `major`, `minor`, `patch` or a version, at least what the changes ask for. @defaultValue what they ask for */
  readonly releaseAs?: string | undefined;
  /** Write checks, too. @defaultValue what `catalogue.json` says */
  readonly standalone?: boolean;
}

/** A package that was written. */
export interface Packaged extends Changes {
  readonly name: string;
  readonly release: Release;
  readonly messages: number;
}

/** What the generated code imports, if `catalogue.json` names a file of the project instead. */
const RUNTIME = "@m-erp/messaging/runtime";
const NAME = /^(?=.{1,214}$)(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/**
 * Makes the next version of a catalogue's package in a folder: compiled code with types, the schemas, and a changelog of
 * what became of each message since the last release. The same catalogue and the same compiler give the same bytes.
 *
 * @returns `undefined` if nothing changed since the last release, and no version is asked for; then nothing is written
 * @throws {CatalogueError} if the catalogue, or that of the last release, has problems
 * @throws {PackageRefusedError} if it cannot be made as it is asked for
 * @throws {OutputTakenError} if the folder has other files in its place
 */
export async function makePackage(
  schemasFolder: string,
  folder: string,
  options: PackageOptions = {},
): Promise<Packaged | undefined> {
  const { since, releaseAs, standalone = false } = options;
  const texts = readTexts(schemasFolder);
  const sources = load(schemasFolder);
  const model = await soundModelOf(sources, { standalone });
  const specifier = model.config.runtime.startsWith(".") ? RUNTIME : model.config.runtime;
  const runtime = installed(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier, schemasFolder);
  const name = nameOf(options, model);
  const compiling = { standalone, runtime: specifier };
  const now = await compile(sources, schemasFolder, compiling);
  const release =
    since === undefined
      ? firstRelease(releaseAs, versionIn(folder))
      : await releaseAfter(since, { model, now, schemasFolder, compiling, runtime, asked: releaseAs });
  if (release === undefined) return undefined;
  const compiler = installed("typescript", schemasFolder, "--save-dev ");
  const compiled = compileJavaScript(new Map([...now.files, ...printKindIndexes(model)]), compiler, [runtime]);
  const { facts: project, license } = readProject(schemasFolder);
  const description = descriptionOf(sources) ?? `The messages of ${model.config.name}, as typed functions.`;
  const { messages } = model;
  const { version } = release;
  const files = new Map([
    ["package.json", printPackageJson({ name, version, description, project, runtime, kinds: kindIndexes(model) })],
    ["README.md", printReadme({ name, description, runtime: runtime.name, messages })],
    ["CHANGELOG.md", changelogOf(release, messages.length, since?.changelog)],
    ...(license === undefined ? [] : [["LICENSE", license] as const]),
    ...[...compiled].map(([path, text]) => [`dist/${path}`, text] as const),
    ...[...texts].map(([path, text]) => [`schemas/${path}`, text] as const),
  ]);
  return { ...writePackage(folder, schemasFolder, files), name, release, messages: messages.length };
}

/** The version that was made in a folder before. */
function versionIn(folder: string): string | undefined {
  const path = join(folder, "package.json");
  const manifest = existsSync(path) ? readObject(path) : undefined;
  return typeof manifest?.["version"] === "string" ? manifest["version"] : undefined;
}

function installed(name: string, schemasFolder: string, how = ""): Installed {
  const found = findInstalled(name, schemasFolder);
  if (found !== undefined) return found;
  throw new PackageRefusedError(
    `the package is compiled with the project's ${name}, which is not installed: npm install ${how}${name}`,
  );
}

function nameOf({ name: asked, since }: PackageOptions, { config }: Model): string {
  const name = asked ?? since?.name ?? config.name;
  if (NAME.test(name)) return name;
  throw new PackageRefusedError(`"${name}" is no name of a package; one is @shop/catalogue`);
}

interface Present {
  readonly model: Model;
  readonly now: Compiled;
  readonly schemasFolder: string;
  readonly compiling: CompileOptions;
  readonly runtime: Installed;
  readonly asked: string | undefined;
}

async function releaseAfter(since: Released, present: Present): Promise<Release | undefined> {
  const { model, now, schemasFolder, compiling, runtime, asked } = present;
  const before = await soundModelOf(since.sources);
  // Imported here because it brings Ajv.
  const { diff } = await import("../diff/diff.js");
  const { findings } = diff(before, model);
  const then = await compile(since.sources, schemasFolder, compiling);
  const others = [
    ...peerChanges(since.peers, peersOf(runtime)),
    ...otherChanges(findings, exportsOf(then), exportsOf(now)),
  ];
  if (findings.length + others.length === 0 && textOf(then) !== textOf(now)) {
    others.push({ bump: "patch", sentence: "the generated code differs, and no message does" });
  }
  return nextRelease(since, findings, others, asked);
}

function exportsOf({ known }: Compiled): ReadonlySet<string> {
  return new Set([...known.units.values()].flatMap(({ claims }) => claims));
}

function textOf({ files }: Compiled): string {
  return JSON.stringify([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function descriptionOf({ config }: Sources): string | undefined {
  const description = isObject(config?.value) ? config.value["description"] : undefined;
  return typeof description === "string" && description.trim() !== "" ? description.trim() : undefined;
}
