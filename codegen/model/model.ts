// model/ names, resolves and flattens the schemas; it may import load/, schema/ and the runtime's contract.

import type { CatalogueConfig } from "../load/config.js";
import { during } from "../load/failure.js";
import type { Sources } from "../load/load.js";
import type { Source } from "../load/source.js";
import type { Schema } from "../schema/schema.js";
import { componentsOf } from "./component.js";
import { type Definition, definitionsOf } from "./definition.js";
import { Flattener } from "./flatten.js";
import { type Kind, kinds } from "./kind.js";
import { References } from "./reference.js";

/** A message type with its flat schema. */
export interface Message {
  readonly kind: Kind;
  /** The type on the wire: `user.created`. */
  readonly type: string;
  /** The TypeScript name: `UserCreated`. */
  readonly name: string;
  readonly definition: Definition;
  readonly schema: Schema;
  /** The result of a command. */
  readonly result: { readonly definition: Definition; readonly schema: Schema } | undefined;
}

/** A schema file without a message. Each of its definitions becomes a type. */
export interface SharedFile {
  /** Without `.json`: `types/user`. */
  readonly path: string;
  readonly definitions: readonly Definition[];
}

/** A catalogue that is ready to be checked and printed. */
export interface Model {
  readonly config: CatalogueConfig;
  /** Ordered by kind, then by type. */
  readonly messages: readonly Message[];
  readonly sharedFiles: readonly SharedFile[];
  readonly definitions: readonly Definition[];
  /** Definitions with the same number refer to each other. Each comes after those that it refers to. */
  readonly components: ReadonlyMap<Definition, number>;
  readonly bySource: ReadonlyMap<Source, readonly Definition[]>;
  readonly byName: ReadonlyMap<string, Definition>;
  readonly references: References;
  readonly flattener: Flattener;
}

/** Names, resolves and flattens the loaded schemas. Problems are collected in `flattener.problems`. */
export function buildModel(sources: Sources, config: CatalogueConfig): Model {
  const bySource = sources.schemas.map((source) => ({ source, definitions: definitionsOf(source) }));
  const definitions = bySource.flatMap((file) => file.definitions);
  const references = new References(sources.schemas, definitions);
  const flattener = new Flattener(references, definitions);
  const components = componentsOf(definitions, (definition) => references.from(definition));
  for (const definition of inOrder(definitions, components)) {
    during("flattening", definition.source.shownPath, () => flattener.definition(definition));
  }
  const messages = bySource
    .flatMap((file) => messageOf(file.definitions, flattener))
    .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || compareText(a.type, b.type));
  const sharedFiles = bySource
    .filter((file) => file.definitions.every((definition) => definition.message === undefined))
    .filter((file) => file.definitions.length > 0)
    .map((file) => ({ path: withoutExtension(file.source.path), definitions: file.definitions }));
  return {
    config,
    messages,
    sharedFiles,
    definitions,
    components,
    bySource: new Map(bySource.map((file) => [file.source, file.definitions])),
    byName: new Map(definitions.map((definition) => [definition.name, definition])),
    references,
    flattener,
  };
}

/**
 * Each definition after those that it refers to; those that refer to each other in the order in which they are written.
 * So a flat schema depends on what the schema leads to, and on nothing else in the catalogue.
 */
function inOrder(
  definitions: readonly Definition[],
  components: ReadonlyMap<Definition, number>,
): readonly Definition[] {
  const groups = new Map<number, Definition[]>();
  for (const number of components.values()) groups.set(number, []);
  for (const definition of definitions) groups.get(components.get(definition) ?? 0)?.push(definition);
  return [...groups.values()].flat();
}

/** The definitions in a message's own file, except its result. */
export function localDefinitions(message: Message, model: Model): readonly Definition[] {
  const own = model.bySource.get(message.definition.source) ?? [];
  return own.filter((definition) => definition.path.length > 0 && definition !== message.result?.definition);
}

/** The generated file of a definition: `events/user.created` for `events/user.created.json`. */
export function fileOf(definition: Definition): string {
  return withoutExtension(definition.source.path);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** `events/user.created` for `events/user.created.json`. */
export function withoutExtension(path: string): string {
  return path.replace(/\.json$/, "");
}

function messageOf(definitions: readonly Definition[], flattener: Flattener): readonly Message[] {
  const root = definitions.find((definition) => definition.message !== undefined);
  if (root?.message === undefined) return [];
  const { kind, type } = root.message;
  const result = kind.kind === "command" ? definitions.find(({ path }) => path[1] === "result") : undefined;
  return [
    {
      kind,
      type,
      name: root.name,
      definition: root,
      schema: flattener.definition(root),
      result: result && { definition: result, schema: flattener.definition(result) },
    },
  ];
}
