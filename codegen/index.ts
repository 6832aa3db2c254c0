// index.ts is the generator's public face; it may import every room but cli/.

import { join } from "node:path";
import { type Bundle, type BundleOptions, bundlesOf } from "./bundle/bundle.js";
import { fingerprint } from "./cache/fingerprint.js";
import { Store } from "./cache/store.js";
import { sunsetWarnings } from "./check/sunset.js";
import { type Compiled, compile, recompile, soundModelOf } from "./compile.js";
import type { Difference } from "./diff/diff.js";
import type { LintFinding } from "./lint/finding.js";
import { readConfig } from "./load/config.js";
import { failureAt } from "./load/failure.js";
import { readTexts, shownPath } from "./load/folder.js";
import { CONFIG_FILE, load, type Sources, sourcesOf } from "./load/load.js";
import { CatalogueError, type Problem } from "./load/problem.js";
import type { Source } from "./load/source.js";
import type { Descriptor } from "./model/descriptor.js";
import type { Message } from "./model/model.js";
import type { Tried } from "./upcast/trial.js";
import { type Changes, compareOutput, type Output, OutputRefusedError, writeOutput } from "./write.js";

/** The result of generating. */
export interface Generated extends Changes {
  /** The output folder, relative to the working directory. */
  readonly folder: string;
  readonly messages: number;
}

/** Options of {@link generate}. */
export interface GenerateOptions {
  /** Compare the output folder without writing. @defaultValue false */
  readonly dryRun?: boolean;
  /** Write checks, too. @defaultValue what `catalogue.json` says */
  readonly standalone?: boolean;
  /**
   * Generate only from what has changed since the last run, with the same result. What is known of the rest is kept in
   * `node_modules/.cache/merp`.
   * @defaultValue true
   */
  readonly cache?: boolean;
}

/** The result of mending. */
export interface Fixed {
  readonly texts: ReadonlyMap<string, string>;
  readonly mended: readonly LintFinding[];
}

/**
 * Generates a catalogue's TypeScript.
 *
 * @param schemasFolder the folder that holds `catalogue.json`
 * @throws {CatalogueError} if the catalogue has problems; lists all of them, and nothing was written
 * @throws {OutputTakenError} if a generated file would overwrite another file; nothing was written
 * @example
 * const { written, removed } = await generate("schemas");
 */
export async function generate(schemasFolder: string, options: GenerateOptions = {}): Promise<Generated> {
  const { standalone = false } = options;
  const texts = readTexts(schemasFolder);
  const circumstances = [fingerprint(), `${standalone}`, texts.get(CONFIG_FILE) ?? ""];
  const store = options.cache === false ? undefined : Store.of(schemasFolder, ...circumstances);
  const last = store?.read();
  const { files, messages, config, output, known, present } =
    (last && (await recompile(texts, last, schemasFolder, { standalone }))) ??
    (await compile(sourcesOf(texts, schemasFolder), schemasFolder, { standalone }));
  const place = { folder: join(schemasFolder, output), schemasFolder, present };
  const changes = compare(config, place, files);
  if (options.dryRun !== true) writeOutput(place, changes);
  store?.write(known);
  return { ...changes, folder: place.folder, messages };
}

/** Reports a folder that merp may not write to at the setting that names it. */
function compare(config: Source | undefined, output: Output, files: Compiled["files"]): Changes {
  try {
    return compareOutput(output, files);
  } catch (error) {
    if (!(error instanceof OutputRefusedError)) throw error;
    const sentence = `the output ${error.message}`;
    const file = join(output.schemasFolder, CONFIG_FILE);
    const problem = config?.problem(["output"], sentence, { rule: "output" }) ?? {
      file,
      line: 1,
      column: 1,
      pointer: "",
      rule: "output" as const,
      sentence,
    };
    throw new CatalogueError([problem]);
  }
}

/**
 * What its authors should know of a catalogue that is sound: parts whose sunset has come, and replacements that do not exist.
 *
 * @param today the day of the run, as `2027-03-01`
 */
export function warningsOf(sources: Sources, today: string): readonly Problem[] {
  return sunsetWarnings(sources, today);
}

/**
 * Tries the upcasters of the module that `catalogue.json` names, if it names one: each on a thousand messages of its old type.
 * The module is loaded, and runs.
 *
 * @param schemasFolder where the sources were read, from which the module's path leads
 * @throws {CatalogueError} if the catalogue has problems, or an upcaster must not be used
 */
export async function upcastersOf(sources: Sources, schemasFolder: string): Promise<readonly Tried[]> {
  if (sources.config === undefined || readConfig(sources.config).config.upcasters === undefined) return [];
  // Imported here because it brings Ajv, which most runs do not need.
  const { tryUpcasters } = await import("./upcast/upcasters.js");
  return tryUpcasters(sources.config, await soundModelOf(sources), schemasFolder);
}

/**
 * The contracts of a catalogue without generating it, as its generated code would have them.
 *
 * @throws {CatalogueError} if the catalogue has problems; lists all of them
 */
export async function contractsOf(sources: Sources): Promise<readonly Descriptor[]> {
  return (await describedOf(sources)).descriptors;
}

/**
 * Compares two versions of a catalogue: what each change means for services that run the one and for those that run the
 * other. Nothing is generated.
 *
 * @throws {CatalogueError} if one of them has problems; lists all of that version
 * @example
 * const { findings } = await diffCatalogues(load("released/schemas"), load("schemas"));
 */
export async function diffCatalogues(before: Sources, after: Sources): Promise<Difference> {
  const [was, is] = [await soundModelOf(before), await soundModelOf(after)];
  // Imported here because it brings Ajv, which most runs do not need.
  const { diff } = await import("./diff/diff.js");
  return diff(was, is);
}

/**
 * Mends the findings of the lint that can be mended safely: no value becomes valid by it, and none invalid.
 *
 * @param findings of {@link lintCatalogue}, of the files as they are now
 * @returns the new texts of the files that change, by path relative to the folder, and what was mended in them
 * @example
 * const { texts } = await fixLint("schemas", await lintCatalogue(load("schemas")));
 */
export async function fixLint(schemasFolder: string, findings: readonly LintFinding[]): Promise<Fixed> {
  // Imported here because it brings a parser, which most runs do not need.
  const { edited } = await import("./lint/fix.js");
  const mended = findings.filter(({ edit }) => edit !== undefined);
  const texts = [...readTexts(schemasFolder)].flatMap(([path, text]) => {
    const edits = mended.flatMap(({ file, edit }) => (edit && file === shownPath(schemasFolder, path) ? [edit] : []));
    return edits.length === 0 ? [] : [[path, edited(text, edits)] as const];
  });
  return { texts: new Map(texts), mended };
}

/**
 * Finds what a catalogue should not do, by the rules of the lint that `catalogue.json` has not switched off.
 *
 * @param sources of a catalogue that has no problems: what {@link generate} refuses is not looked at
 * @example
 * for (const { file, line, rule, sentence } of await lintCatalogue(load("schemas"))) console.log(file, line, rule, sentence);
 */
export async function lintCatalogue(sources: Sources): Promise<readonly LintFinding[]> {
  // Imported here because most commands do not lint.
  const { lint } = await import("./lint/lint.js");
  return lint(sources, readConfig(sources.config).config);
}

/**
 * The schemas of a catalogue's messages, each in one piece, for tools of other languages. Nothing is generated.
 *
 * @throws {CatalogueError} if the catalogue has problems; lists all of them
 * @throws {BundleRefusedError} if that version of JSON Schema cannot say what a schema says
 * @example
 * const [first] = await bundleCatalogue("schemas", { side: "writer" });
 */
export async function bundleCatalogue(schemasFolder: string, options: BundleOptions = {}): Promise<readonly Bundle[]> {
  const { messages, descriptors } = await describedOf(load(schemasFolder));
  return descriptors.flatMap((descriptor, at) =>
    bundlesOf({ descriptor, name: messages[at]?.name ?? descriptor.type }, options),
  );
}

interface Described {
  readonly messages: readonly Message[];
  readonly descriptors: readonly Descriptor[];
}

async function describedOf(sources: Sources): Promise<Described> {
  // Imported here because it brings Ajv, which most runs do not need.
  const { descriptorsOf } = await import("./model/descriptor.js");
  try {
    const model = await soundModelOf(sources);
    return { messages: model.messages, descriptors: descriptorsOf(model) };
  } catch (error) {
    throw failureAt("the catalogue", "reading", error);
  }
}

export { type Bundle, type BundleOptions, BundleRefusedError } from "./bundle/bundle.js";
export { writeBundles } from "./bundle/folder.js";
export { compile } from "./compile.js";
export { type Verdict, verdictWords } from "./diff/advice.js";
export type { Difference } from "./diff/diff.js";
export type { Finding } from "./diff/finding.js";
export { type Format, formats } from "./docs/documentation.js";
export type { Commit } from "./docs/history.js";
export type { History } from "./docs/subject.js";
export { document, historyOf } from "./document.js";
export type { Change, Hindrance } from "./import/document.js";
export { drafts } from "./import/draft.js";
export { type ImportedKind, messageKinds } from "./import/entry.js";
export { ImportRefusedError } from "./import/failure.js";
export { type Imported, type ImportOptions, importSchemas } from "./import/import.js";
export { changeRules } from "./import/rule.js";
export type { LintFinding } from "./lint/finding.js";
export { lintTexts } from "./lint/text.js";
export { GeneratorError } from "./load/failure.js";
export { load, type Sources, sourcesOf } from "./load/load.js";
export { CatalogueError, formatPlace, formatProblem, type Place, type Problem, printable } from "./load/problem.js";
export { PackageRefusedError } from "./package/failure.js";
export { makePackage, type Packaged } from "./package/package.js";
export type { Released } from "./package/release.js";
export { isVersion } from "./package/version.js";
export { isLintRule, lintRules } from "./schema/lint-rule.js";
export { suggest } from "./schema/suggest.js";
export type { Tried } from "./upcast/trial.js";
export { type FileChange, OutputRefusedError, OutputTakenError } from "./write.js";
