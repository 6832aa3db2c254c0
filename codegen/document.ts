// document.ts writes the documentation of a catalogue; it may import every room but bundle/, cli/, import/, index.ts,
// package/ and upcast/.

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { checkedModelOf, soundModelOf } from "./compile.js";
import { documentationOf, type Format, isDocumentation } from "./docs/documentation.js";
import { type Commit, versionsOf } from "./docs/history.js";
import type { History } from "./docs/subject.js";
import { during, failureAt } from "./load/failure.js";
import { load, type Sources } from "./load/load.js";
import { CatalogueError } from "./load/problem.js";
import { readServices, type Service, unknownTypes } from "./load/service.js";
import { Source } from "./load/source.js";
import type { Form } from "./manifest.js";
import type { Model } from "./model/model.js";
import { valueAt } from "./schema/pointer.js";
import { type Changes, compareOutput, writeOutput } from "./write.js";

/** Options of {@link document}. */
export interface DocumentOptions {
  readonly format: Format;
  /** The folder to write into, relative to the working directory. */
  readonly out: string;
  /** A file of services that were observed, in place of those that `catalogue.json` declares. */
  readonly services?: string;
  /** What became of the schemas. @defaultValue nothing is said of it */
  readonly history?: (now: Sources) => Promise<History>;
}

/** The result of documenting. */
export interface Documented extends Changes {
  readonly messages: number;
  readonly history: History;
}

const NO_HISTORY: History = { note: "The history is left out.", versions: new Map() };

/**
 * Documents a catalogue.
 *
 * @param schemasFolder the folder that holds `catalogue.json`
 * @throws {CatalogueError} if the catalogue, or the file of services, has problems; nothing was written
 * @throws {OutputRefusedError} if the folder is outside the project, or another's; nothing was written
 * @throws {OutputTakenError} if a file would overwrite another file; nothing was written
 * @example
 * const { written } = await document("schemas", { format: "site", out: "docs-site" });
 */
export async function document(schemasFolder: string, options: DocumentOptions): Promise<Documented> {
  const { format, out, services: observed, history: tell } = options;
  const sources = load(schemasFolder);
  const model = await modelOf(sources, schemasFolder);
  const types = new Set(model.messages.map(({ type }) => type));
  const services = observed === undefined ? model.config.services : observedIn(observed, types);
  const form: Form = { name: format, paths: /\.(?:html|css|js|json|md|mdx)$/, isOwn: isDocumentation };
  const place = { folder: out, schemasFolder, form };
  // A folder that is refused is refused before the history is read, which takes longest.
  compareOutput(place, new Map());
  const history = (await tell?.(sources)) ?? NO_HISTORY;
  const stated = valueAt(sources.config?.value, ["description"]);
  const description = typeof stated === "string" ? stated : "";
  const schemasName = basename(resolve(schemasFolder));
  const subject = { model, description, version: versionOf(schemasFolder), schemasName, services, history };
  const files = during("documenting", schemasFolder, () => documentationOf(subject, format));
  const changes = compareOutput(place, files);
  writeOutput(place, changes);
  return { ...changes, messages: model.messages.length, history };
}

async function modelOf(sources: Sources, schemasFolder: string): Promise<Model> {
  try {
    return await soundModelOf(sources);
  } catch (error) {
    throw failureAt(schemasFolder, "reading", error);
  }
}

/** The services that a file names, in the form of the setting `services`. */
function observedIn(file: string, types: ReadonlySet<string>): readonly Service[] {
  const source = new Source(file, file, textOf(file));
  if (source.syntaxProblems.length > 0) throw new CatalogueError(source.syntaxProblems);
  const { services, problems } = readServices(source, []);
  const found = [...problems, ...unknownTypes(source, [], types)];
  if (found.length > 0) throw new CatalogueError(found);
  return services;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const sentence = `cannot be read (${(error as NodeJS.ErrnoException).code}); give a file of JSON`;
    throw new CatalogueError([{ file, line: 1, column: 1, pointer: "", rule: "setting", sentence }]);
  }
}

/** The version of the nearest package around the schemas. */
function versionOf(schemasFolder: string): string {
  for (let folder = resolve(schemasFolder); ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    const version = existsSync(path) && valueAt(new Source(path, path, readFileSync(path, "utf8")).value, ["version"]);
    if (typeof version === "string") return version;
    if (folder === dirname(folder)) return "0.0.0";
  }
}

/** The history of a catalogue by its commits, the oldest first. */
export function historyOf(
  commits: readonly Commit[],
  now: Sources,
  { isWhole }: { readonly isWhole: boolean },
): Promise<History["versions"]> {
  return versionsOf(commits, now, { isWhole, modelOf: (sources) => checkedModelOf(sources) });
}
