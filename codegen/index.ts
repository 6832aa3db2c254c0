// index.ts is the pipeline and the generator's public face; it may import every room but cli/.

import { join } from "node:path";
import { check } from "./check/check.js";
import { readConfig } from "./load/config.js";
import { failureAt } from "./load/failure.js";
import { CONFIG_FILE, load, type Sources } from "./load/load.js";
import { CatalogueError } from "./load/problem.js";
import type { Descriptor } from "./model/descriptor.js";
import { buildModel, type Model } from "./model/model.js";
import { layoutOf } from "./print/layout.js";
import { printFiles } from "./print/print.js";
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
  const sources = load(schemasFolder);
  const { files, output, messages } = await compile(sources, schemasFolder, options);
  const folder = join(schemasFolder, output);
  const changes = compare(sources, { folder, schemasFolder }, files);
  if (options.dryRun !== true) writeOutput({ folder, schemasFolder }, changes);
  return { ...changes, folder, messages };
}

/** Reports a folder that merp may not write to at the setting that names it. */
function compare(sources: Sources, output: Output, files: ReadonlyMap<string, string>): Changes {
  try {
    return compareOutput(output, files);
  } catch (error) {
    if (!(error instanceof OutputRefusedError)) throw error;
    const sentence = `the output ${error.message}`;
    const file = join(output.schemasFolder, CONFIG_FILE);
    const problem = sources.config?.problem(["output"], sentence, { rule: "output" }) ?? {
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

/** The TypeScript of a catalogue. */
export interface Compiled {
  /** The files' texts by path, relative to the output folder. */
  readonly files: ReadonlyMap<string, string>;
  /** The output folder, relative to the schemas folder. */
  readonly output: string;
  readonly messages: number;
}

/**
 * Compiles a catalogue from the texts of its schemas. The same texts give the same bytes.
 *
 * @throws {CatalogueError} if the catalogue has problems; lists all of them
 */
export async function compile(
  sources: Sources,
  schemasFolder: string,
  options: Pick<GenerateOptions, "standalone"> = {},
): Promise<Compiled> {
  try {
    return await compileSources(sources, schemasFolder, options.standalone);
  } catch (error) {
    throw failureAt(schemasFolder, "reading", error);
  }
}

/**
 * The contracts of a catalogue without generating it, as its generated code would have them.
 *
 * @throws {CatalogueError} if the catalogue has problems; lists all of them
 */
export async function contractsOf(schemasFolder: string): Promise<readonly Descriptor[]> {
  const sources = load(schemasFolder);
  // Imported here because it brings Ajv, which most runs do not need.
  const { descriptorsOf } = await import("./model/descriptor.js");
  try {
    return descriptorsOf(await soundModelOf(sources));
  } catch (error) {
    throw failureAt(schemasFolder, "reading", error);
  }
}

async function soundModelOf(sources: Sources, standalone = false): Promise<Model> {
  const { config: given, problems } = readConfig(sources.config);
  const config = standalone ? { ...given, checks: "standalone" as const } : given;
  const model = buildModel(sources, config);
  const found = [...problems, ...(await check(sources, model))];
  if (found.length > 0) throw new CatalogueError(found);
  return model;
}

async function compileSources(sources: Sources, schemasFolder: string, standalone?: boolean): Promise<Compiled> {
  const model = await soundModelOf(sources, standalone);
  const { config } = model;
  const files = await printFiles(model, layoutOf(config, schemasFolder));
  return { files, output: config.output, messages: model.messages.length };
}

export { GeneratorError } from "./load/failure.js";
export { CatalogueError, formatProblem, type Problem, printable } from "./load/problem.js";
export { type FileChange, OutputTakenError } from "./write.js";
