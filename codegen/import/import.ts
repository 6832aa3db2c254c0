// import/ makes a catalogue of the schemas of others; it may import check/, model/, load/, schema/ and the runtime's contract.

import { existsSync, statSync } from "node:fs";
import { reservedNames, reservedWords } from "../check/reserved.js";
import { readConfig } from "../load/config.js";
import { CONFIG_FILE, load, sourcesOf } from "../load/load.js";
import { CatalogueError } from "../load/problem.js";
import { buildModel, type Model } from "../model/model.js";
import { exportsOf, handlerGroup } from "../model/names.js";
import { Addresses } from "./address.js";
import { Assembly } from "./assembly.js";
import { contentsOf as contentsOfAsyncApi } from "./async-api.js";
import { type Change, type Document, type Hindrance, hindrance } from "./document.js";
import type { Draft } from "./draft.js";
import type { Contents, ImportedKind } from "./entry.js";
import { ImportRefusedError } from "./failure.js";
import { contentsOf } from "./json-schema.js";
import { envelopeOf, fileOf } from "./message-file.js";
import type { Raw } from "./raw.js";
import { isAsyncApi, type Reading, readFiles } from "./read.js";
import { readModule } from "./standard-module.js";
import { printed, problemsOf, settle } from "./trial.js";
import { typesFiles } from "./types-file.js";

/** Options of {@link importSchemas}. */
export interface ImportOptions {
  /** What each schema describes: a message of this kind, or a shared type. */
  readonly kind: ImportedKind | "type";
  /** Whether a schema describes what a message carries, or the whole message. */
  readonly as: "payload" | "message";
  /** Whether each form of a choice at the root of a schema is a message of its own. @defaultValue false */
  readonly each?: boolean;
  /** The type of the only message. @defaultValue made of the file's name */
  readonly type?: string;
  /** The draft of files that state none. @defaultValue what is most likely */
  readonly draft?: Draft;
  /** The texts of envelopes for kinds that the catalogue has none of, by path. */
  readonly envelopes: ReadonlyMap<string, string>;
  /** The name of a catalogue that does not exist yet. */
  readonly name: string;
}

/** What an import comes to. Nothing is written. */
export interface Imported {
  /** Texts by path, relative to the folder of the schemas. */
  readonly files: ReadonlyMap<string, string>;
  readonly messages: number;
  readonly types: number;
  readonly changes: readonly Change[];
  /** Why something is left out; empty if everything is imported. */
  readonly hindrances: readonly Hindrance[];
}

/**
 * Makes files of a catalogue from JSON Schemas, from a module's schemas or from a document of AsyncAPI. The files pass
 * every check of the generator, together with those that are there.
 *
 * @param input a file, a folder, or a module
 * @param folder the folder of the schemas; it may be new
 * @throws {ImportRefusedError} if nothing can be read
 * @throws {CatalogueError} if the catalogue has problems before anything is imported
 * @example
 * const { files, hindrances } = await importSchemas("vendor/schemas", "schemas", { kind: "event", as: "payload", … });
 */
export async function importSchemas(input: string, folder: string, options: ImportOptions): Promise<Imported> {
  const present = existsSync(folder) ? load(folder) : sourcesOf(new Map(), folder);
  const texts = new Map(
    [...present.schemas, ...(present.config === undefined ? [] : [present.config])].map(({ path, text }) => [
      path,
      text,
    ]),
  );
  if (texts.size > 0) {
    const problems = await problemsOf(present);
    if (problems.length > 0) throw new CatalogueError(problems);
  }
  const { hindrances: unread, ...reading } = await read(input, options);
  const addresses = new Addresses(reading.documents);
  const { contents, hindrances: unused } = contentsIn(reading, addresses, options);
  const hindrances: Hindrance[] = [...unread, ...unused];
  const added = new Map<string, string>();
  if (!texts.has(CONFIG_FILE)) added.set(CONFIG_FILE, printed({ name: options.name }));
  for (const entry of contents.entries) {
    const path = envelopeOf(entry);
    const text = options.envelopes.get(path);
    if (!texts.has(path) && text !== undefined) added.set(path, text);
  }
  const typesFile = typesFiles(reading.documents, contents.entries, present.schemas);
  const planned = new Set([...contents.entries.map(fileOf), ...reading.documents.map(typesFile)]);
  const before = new Map([...texts, ...added].filter(([path]) => !planned.has(path)));
  const model = buildModel(sourcesOf(before, folder), readConfig(undefined).config);
  const { kept, hindrances: doubled } = distinct(contents, model);
  const assembly = new Assembly({
    contents: kept,
    addresses,
    as: options.as,
    typesFile,
    taken: new Set([...reservedNames().keys(), ...reservedWords, ...namesIn(model)]),
    envelopes: new Map(
      [...before].filter(([path]) => /^envelopes\//.test(path)).map(([path, text]) => [path, JSON.parse(text) as Raw]),
    ),
  });
  const common = await settle(assembly, before, folder);
  const files = new Map([...assembly.files].map(([path, schema]) => [path, printed(schema)]));
  const isNothing = common.length > 0 || files.size === 0;
  const used = [...added].filter(
    ([path]) => path === CONFIG_FILE || assembly.entries.some((one) => envelopeOf(one) === path),
  );
  return {
    files: isNothing ? new Map() : new Map([...used, ...files]),
    messages: isNothing ? 0 : assembly.entries.length,
    types: isNothing ? 0 : assembly.definitions.length,
    changes: isNothing ? [] : [...assumptions(reading.assumed), ...assembly.changes],
    hindrances: [...hindrances, ...doubled, ...assembly.hindrances, ...common],
  };
}

async function read(input: string, { draft }: ImportOptions): Promise<Reading> {
  const isFile = existsSync(input) && !/\.[cm]?[jt]s$/.test(input);
  if (isFile || /\.(?:json|ya?ml)$/i.test(input)) return readFiles(input, draft);
  if (!existsSync(input) && /^[./]|[\\/]$/.test(input)) throw new ImportRefusedError(`${input} does not exist`);
  if (existsSync(input) && statSync(input).isDirectory()) return readFiles(input, draft);
  const { documents, hindrances } = await readModule(input);
  return { documents, asked: new Set(documents), hindrances, assumed: new Set() };
}

function contentsIn(
  { documents, asked }: Pick<Reading, "documents" | "asked">,
  addresses: Addresses,
  { kind, type, each = false }: ImportOptions,
): { readonly contents: Contents; readonly hindrances: readonly Hindrance[] } {
  const schemas = documents.filter(({ value }) => !isAsyncApi(value));
  const found = [
    { ...contentsOf(schemas, addresses, { kind, type, asked, isEach: each }), hindrances: [] },
    ...documents
      .filter(({ value }) => isAsyncApi(value))
      .map((document) => contentsOfAsyncApi(document, addresses, kind)),
  ];
  const entries = found.flatMap((one) => one.entries);
  const [only] = entries;
  if (type !== undefined && (entries.length !== 1 || only === undefined)) {
    throw new ImportRefusedError(`--type names a single message, and there are ${entries.length}`);
  }
  const named = type !== undefined && only !== undefined ? [{ ...only, type }] : entries;
  return {
    contents: { entries: named, shared: found.flatMap(({ shared }) => shared) },
    hindrances: found.flatMap(({ hindrances }) => hindrances),
  };
}

/** Every message once: two of a kind cannot have one type, nor can one that the catalogue has already. */
function distinct({ entries, shared }: Contents, { messages }: Model) {
  const known = new Map(
    messages.map(({ kind, type, definition }) => [`${kind.kind} ${type}`, definition.source.shownPath]),
  );
  const hindrances: Hindrance[] = [];
  const kept = entries.filter(({ kind, type, place }) => {
    const key = `${kind} ${type}`.toLowerCase();
    const other = known.get(key);
    if (other !== undefined) {
      const sentence = `would be the ${kind} ${type}, which ${other} is already; rename one of them, or import it alone with --type`;
      hindrances.push(hindrance(place, "name-collision", sentence));
      return false;
    }
    known.set(key, place.document.source.shownPath);
    return true;
  });
  return { kept: { entries: kept, shared }, hindrances };
}

function namesIn({ messages, definitions }: Model): readonly string[] {
  const groups = messages.filter(({ kind }) => kind.kind === "event").map(({ type }) => handlerGroup(type).name);
  return [...messages.flatMap(exportsOf), ...definitions.map(({ name }) => name), ...groups];
}

function assumptions(documents: ReadonlySet<Document>): readonly Change[] {
  return [...documents].map(({ source, draft }) => ({
    rule: "assumed-draft",
    file: source.shownPath,
    pointer: "",
    detail: `draft ${draft}`,
  }));
}
