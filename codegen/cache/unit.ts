import { claimsOfFiles } from "../check/name.js";
import type { Source } from "../load/source.js";
import { fileOf, type Message, type Model, withoutExtension } from "../model/model.js";
import { handlerGroup } from "../model/names.js";
import { isDefinition } from "../model/reference.js";
import type { Files, NamesByFile } from "../print/print.js";
import { type Entry, entryOf } from "../print/view/entry.js";
import { neededBy } from "../print/view/schema-file.js";
import { withReferences } from "../schema/walk.js";
import type { PrintedShapes } from "../typescript/type-printer.js";
import { type Digest, digestOf } from "./digest.js";

/** What a sound catalogue needs to know of one of its schema files to be generated without looking into it. */
export interface Unit {
  readonly text: Digest;
  /** The paths of the schema files that it refers to. */
  readonly refersTo: readonly string[];
  /** The names that its generated files export. */
  readonly claims: readonly string[];
  /** `undefined` if the file holds no message. */
  readonly entry: Entry | undefined;
  /** The definitions that its message needs at run time: their names, by generated file without extension. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** Its own definitions that messages need at run time, as they were printed. */
  readonly needed: readonly string[];
  /** The files that are generated from it. */
  readonly files: Readonly<Record<string, Digest>>;
}

/** Units by the paths of their schema files. */
export type Units = ReadonlyMap<string, Unit>;

/** What a run leaves to the next. */
export interface Known {
  readonly units: Units;
  readonly whole: Whole;
  /** What was printed of types. Some of it may not be needed any more, until everything is done anew. */
  readonly shapes: PrintedShapes;
}

/** The files about all messages. */
export interface Whole {
  /** What they were made of. */
  readonly content: Digest;
  readonly files: Readonly<Record<string, Digest>>;
}

/** What is known of a file before it is printed. */
export type Draft = Omit<Unit, "needed" | "files">;

/** Describes the files of a model. */
export function draftsOf(model: Model, sources: readonly Source[]): ReadonlyMap<string, Draft> {
  const messages = new Map(model.messages.map((message) => [message.definition.source, message]));
  const claims = new Map(sources.map((source) => [source, [] as string[]]));
  for (const { name, source } of claimsOfFiles(model)) claims.get(source)?.push(name);
  return new Map(
    sources.map((source) => {
      const message = messages.get(source);
      const draft: Draft = {
        text: digestOf(source.text),
        refersTo: targetsOf(source, model),
        claims: claims.get(source) ?? [],
        entry: message && entryOf(message),
        needs: message === undefined ? {} : needsOf(message, model),
      };
      return [source.path, draft];
    }),
  );
}

/** Describes a file with what was printed of it. */
export function unitOf(path: string, draft: Draft, needed: NamesByFile, files: Files = new Map()): Unit {
  return { ...draft, needed: [...(needed.get(withoutExtension(path)) ?? [])], files: digestsOf(files) };
}

export function digestsOf(files: Files): Readonly<Record<string, Digest>> {
  return Object.fromEntries([...files].map(([file, text]) => [file, digestOf(text)]));
}

/** Returns whether a file is known, and was printed with the same definitions that messages need now. */
export function isPrintedWith(
  path: string,
  fresh: ReadonlyMap<string, Draft>,
  known: Units,
  needed: NamesByFile,
): boolean {
  if (fresh.has(path)) return false;
  const now = needed.get(withoutExtension(path)) ?? new Set();
  const then = known.get(path)?.needed ?? [];
  return then.length === now.size && then.every((name) => now.has(name));
}

/** The definitions that any of the messages needs at run time. */
export function neededOf(drafts: Iterable<Draft>): NamesByFile {
  const needed = new Map<string, Set<string>>();
  for (const { needs } of drafts) {
    for (const [file, names] of Object.entries(needs)) {
      const known = needed.get(file);
      if (known === undefined) needed.set(file, new Set(names));
      else for (const name of names) known.add(name);
    }
  }
  return needed;
}

/** Returns whether no two files have a name, a type or a path in common, which only looking at all of them can tell. */
export function areDistinct(drafts: ReadonlyMap<string, Draft>): boolean {
  const entries = [...drafts.values()].flatMap(({ entry }) => entry ?? []);
  const events = entries.filter(({ kind }) => kind.kind === "event");
  const groups = new Set(events.map(({ type }) => handlerGroup(type).name));
  const names = [...groups, ...[...drafts.values()].flatMap(({ claims }) => claims)];
  const types = entries.map(({ kind, type }) => `${kind.kind} ${type}`);
  const paths = [...drafts.keys()].map((path) => path.toLowerCase());
  return [names, types, paths].every((texts) => new Set(texts).size === texts.length);
}

function targetsOf(source: Source, { references }: Model): readonly string[] {
  const found = new Set<string>();
  for (const [, { $ref = "" }] of withReferences(source.schema ?? {})) {
    const target = references.resolve(source, $ref);
    if (isDefinition(target) && target.source !== source) found.add(target.source.path);
  }
  return [...found];
}

function needsOf(message: Message, model: Model): Unit["needs"] {
  const needs: Record<string, string[]> = {};
  for (const definition of neededBy(message, model)) {
    const file = fileOf(definition);
    needs[file] = [...(needs[file] ?? []), definition.name];
  }
  return needs;
}
