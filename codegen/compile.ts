// compile.ts is the pipeline: load, model, check, print. It may import every room but bundle/, cli/, diff/, docs/,
// document.ts, import/, index.ts, lint/, manifest.ts, package/, upcast/ and write.ts.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "./cache/digest.js";
import { areIntact, planOf, withTargets } from "./cache/plan.js";
import {
  areDistinct,
  digestsOf,
  draftsOf,
  isPrintedWith,
  type Known,
  neededOf,
  type Unit,
  type Units,
  unitOf,
} from "./cache/unit.js";
import { check } from "./check/check.js";
import { type CatalogueConfig, readConfig } from "./load/config.js";
import { failureAt } from "./load/failure.js";
import { CONFIG_FILE, type Sources, sourcesOf } from "./load/load.js";
import { CatalogueError, type Problem } from "./load/problem.js";
import { unknownTypes } from "./load/service.js";
import type { Source } from "./load/source.js";
import { kinds } from "./model/kind.js";
import { buildModel, type Model, withoutExtension } from "./model/model.js";
import { filesNamedBy } from "./model/reference.js";
import { layoutOf } from "./print/layout.js";
import { type Files, printParts, printWhole } from "./print/print.js";
import { valueAt } from "./schema/pointer.js";
import type { PrintedShapes } from "./typescript/type-printer.js";

/** Options of {@link compile}. */
export interface CompileOptions {
  /** Write checks, too. @defaultValue what `catalogue.json` says */
  readonly standalone?: boolean;
  /** The runtime's entry point that is imported. @defaultValue what `catalogue.json` says */
  readonly runtime?: string;
}

/** The TypeScript of a catalogue. */
export interface Compiled {
  /** The files' texts by path, relative to the output folder. */
  readonly files: Files;
  /** The output folder, relative to the schemas folder. */
  readonly output: string;
  readonly messages: number;
  /** `catalogue.json`; `undefined` if the folder has none. */
  readonly config: Source | undefined;
  /** What the next run needs to know of this one. */
  readonly known: Known;
  /** The files of the output folder that were read on the way; `undefined` for those that are not there. */
  readonly present: ReadonlyMap<string, string | undefined>;
}

/**
 * Compiles a catalogue from the texts of its schemas. The same texts give the same bytes.
 *
 * @throws {CatalogueError} if the catalogue has problems; lists all of them
 */
export async function compile(
  sources: Sources,
  schemasFolder: string,
  options: CompileOptions = {},
): Promise<Compiled> {
  try {
    const model = await soundModelOf(sources, options);
    const { config } = model;
    const drafts = draftsOf(model, sources.schemas);
    const needed = neededOf(drafts.values());
    const { files, shapes } = await printParts(model, layoutOf(config, schemasFolder), { needed });
    const units = [...drafts].map(([path, draft]) => [path, unitOf(path, draft, needed, files.get(path))] as const);
    const content = { parts: [...files.values()], units: new Map(units), shapes };
    return await assemble(content, { source: sources.config, config, schemasFolder });
  } catch (error) {
    throw failureAt(schemasFolder, "reading", error);
  }
}

/**
 * The model of a catalogue.
 *
 * @throws {CatalogueError} if it has problems; lists all of them
 */
export async function soundModelOf(sources: Sources, options: CompileOptions = {}): Promise<Model> {
  return checkedModelOf(sources, options, ({ messages }) => unknownInServices(sources.config, messages));
}

/** The same of a part of a catalogue, with all that it refers to; `beside` finds what only a whole one can tell. */
export async function checkedModelOf(
  sources: Sources,
  { standalone = false, runtime }: CompileOptions = {},
  beside: (model: Model) => readonly Problem[] = () => [],
): Promise<Model> {
  const { config: given, problems } = readConfig(sources.config);
  const checks = standalone ? "standalone" : given.checks;
  const config = { ...given, checks, runtime: runtime ?? given.runtime };
  const model = buildModel(sources, config);
  const found = [...problems, ...beside(model), ...(await check(sources, model))];
  if (found.length > 0) throw new CatalogueError(found);
  return model;
}

function unknownInServices(source: Source | undefined, messages: readonly { readonly type: string }[]) {
  if (source === undefined || valueAt(source.value, ["services"]) === undefined) return [];
  return unknownTypes(source, ["services"], new Set(messages.map(({ type }) => type)));
}

/**
 * Compiles only what has changed, with what it refers to. All that is found of a schema file depends on its own text, on
 * the texts that it leads to, and on the names, types and paths of the others, which must be distinct.
 *
 * @param texts by path, as they are now
 * @param known what the last run left of a sound catalogue
 * @returns the same as {@link compile}; `undefined` if most has changed, or if there is a problem, which only a whole run
 * can report with all others
 */
export async function recompile(
  texts: ReadonlyMap<string, string>,
  known: Known,
  schemasFolder: string,
  options: CompileOptions = {},
): Promise<Compiled | undefined> {
  try {
    return await compileChanged(texts, known, schemasFolder, options);
  } catch {
    return undefined;
  }
}

async function compileChanged(
  texts: ReadonlyMap<string, string>,
  last: Known,
  schemasFolder: string,
  options: CompileOptions,
): Promise<Compiled | undefined> {
  const known = last.units;
  const pick = (paths: Iterable<string>): Sources =>
    sourcesOf(new Map([...paths].map((path) => [path, texts.get(path) ?? ""])), schemasFolder);
  const source = pick(texts.has(CONFIG_FILE) ? [CONFIG_FILE] : []).config;
  const outputs = new Outputs(join(schemasFolder, readConfig(source).config.output));
  const schemas = new Map([...texts].filter(([path]) => path !== CONFIG_FILE).sort(([a], [b]) => (a < b ? -1 : 1)));

  const { targets, before } = planOf(schemas, known, outputs.at);
  if (targets.size > schemas.size / 2) return undefined;
  const made = pick(targets).schemas;
  const ahead = made.flatMap((one) => filesNamedBy(one)).filter((path) => schemas.has(path));
  const beside = [...withTargets([...ahead, ...before], known)].filter((path) => !targets.has(path));
  const read = pick(beside).schemas;
  const sources = { config: source, schemas: [...made, ...read].sort((a, b) => (a.path < b.path ? -1 : 1)) };
  const model = await checkedModelOf(sources, options);
  const { config } = model;

  const fresh = draftsOf(model, made);
  const drafts = new Map([...schemas.keys()].map((path) => [path, fresh.get(path) ?? (known.get(path) as Unit)]));
  if (!areDistinct(drafts)) return undefined;
  const entries = [...drafts.values()].flatMap(({ entry }) => entry ?? []);
  if (unknownInServices(source, entries).length > 0) return undefined;
  const needed = neededOf(drafts.values());
  const printed = new Set([...drafts.keys()].filter((path) => !isPrintedWith(path, fresh, known, needed)));
  if ([...printed].some((path) => !sources.schemas.some((one) => one.path === path))) return undefined;
  const { files, shapes } = await printParts(model, layoutOf(config, schemasFolder), {
    needed,
    only: printed,
    shapes: last.shapes,
  });

  const units = new Map<string, Unit>();
  const parts: Files[] = [];
  for (const [path, draft] of drafts) {
    const unit = printed.has(path) ? unitOf(path, draft, needed, files.get(path)) : (draft as Unit);
    units.set(path, unit);
    parts.push(files.get(path) ?? outputs.textsOf(unit.files));
  }
  const content = { parts, units, shapes: new Map([...last.shapes, ...shapes]) };
  return assemble(content, { source, config, schemasFolder }, { last, outputs });
}

interface Circumstances {
  readonly source: Source | undefined;
  readonly config: CatalogueConfig;
  readonly schemasFolder: string;
}

/** What was made of the schema files, one by one. */
interface Content {
  readonly parts: readonly Files[];
  readonly units: Units;
  readonly shapes: PrintedShapes;
}

/** Adds the files about all messages, printed anew unless they are there as they have to be. */
async function assemble(
  { parts, units, shapes }: Content,
  { source, config, schemasFolder }: Circumstances,
  past?: { readonly last: Known; readonly outputs: Outputs },
): Promise<Compiled> {
  const rank = new Map(kinds.map(({ kind }, at) => [kind, at]));
  const entries = [...units.values()]
    .flatMap(({ entry }) => entry ?? [])
    .sort((a, b) => (rank.get(a.kind.kind) ?? 0) - (rank.get(b.kind.kind) ?? 0) || (a.type < b.type ? -1 : 1));
  const modules = [...units]
    .filter(([, unit]) => Object.keys(unit.files).length > 0)
    .map(([path]) => withoutExtension(path));
  const content = digestOf(JSON.stringify([entries, modules]));
  const before = past?.last.whole;
  const isSame = past !== undefined && before?.content === content && areIntact(before.files, past.outputs.at);
  const whole = isSame
    ? past.outputs.textsOf(past.last.whole.files)
    : await printWhole(entries, modules, config, layoutOf(config, schemasFolder));
  const files = new Map([...parts.flatMap((part) => [...part]), ...whole]);
  const known: Known = { units, whole: { content, files: digestsOf(whole) }, shapes };
  const present = past?.outputs.texts ?? new Map();
  return { files, output: config.output, messages: entries.length, config: source, known, present };
}

/** The files of an output folder, each of them read once. */
class Outputs {
  /** Those that were read. */
  readonly texts = new Map<string, string | undefined>();
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  readonly at = (path: string): string | undefined => {
    if (!this.texts.has(path)) this.texts.set(path, this.#read(path));
    return this.texts.get(path);
  };

  textsOf(files: Readonly<Record<string, unknown>>): Files {
    return new Map(Object.keys(files).map((file) => [file, this.at(file) ?? ""]));
  }

  #read(path: string): string | undefined {
    try {
      return readFileSync(join(this.#folder, path), "utf8");
    } catch {
      return undefined;
    }
  }
}
