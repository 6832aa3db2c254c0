import type { Source } from "../load/source.js";
import { annotations } from "../schema/keyword.js";
import { type Path, pointerOf, valueAt } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { pascalCase } from "./casing.js";
import { type Kind, kindOfFolder } from "./kind.js";

/** A schema with a TypeScript name: the root of a file, or one of its `$defs`. */
export interface Definition {
  readonly name: string;
  readonly source: Source;
  /** `[]`, or `["$defs", "UserId"]`. */
  readonly path: Path;
  /** The well-formed part of the schema as written. */
  readonly schema: Schema;
  /** Set for the root of a message file. */
  readonly message: { readonly kind: Kind; readonly type: string } | undefined;
}

/** Every definition of a schema file, its root first. */
export function definitionsOf(source: Source): readonly Definition[] {
  const { schema } = source;
  if (schema === undefined) return [];
  const kind = kindOfFolder(source.folder);
  const message = kind && { kind, type: typeOf(source, kind) };
  const name = rootName(source, schema, message);
  const root =
    message !== undefined || saysSomething(source.value) ? [{ name, source, path: [], schema, message }] : [];
  const locals = Object.entries(schema.$defs ?? {}).map(
    ([key, local]): Definition => ({
      name: localName(key, local, name),
      source,
      path: ["$defs", key],
      schema: local,
      message: undefined,
    }),
  );
  return [...root, ...locals];
}

/** A key that identifies a place in a catalogue. */
export function placeKey(file: string, path: Path): string {
  return `${file}#${pointerOf(path)}`;
}

/** The type on the wire, or the file's name if the message does not declare its type. */
function typeOf(source: Source, kind: Kind): string {
  if (kind.typeProperty === undefined) return `${kind.folder}.${source.stem}`;
  const stated = valueAt(source.schema, ["properties", kind.typeProperty, "const"]);
  return typeof stated === "string" ? stated : source.stem;
}

function rootName(source: Source, schema: Schema, message: Definition["message"]): string {
  const title = schema.title;
  if (typeof title === "string" && title !== "") return title;
  return message === undefined ? pascalCase(source.stem) : `${pascalCase(message.type)}${message.kind.suffix}`;
}

/** A capitalized key is used as it is; `result` of `ValidateToken` becomes `ValidateTokenResult`. */
function localName(key: string, schema: Schema, owner: string): string {
  const title = schema.title;
  if (key !== "result" && typeof title === "string" && title !== "") return title;
  return /^\p{Lu}/u.test(key) ? pascalCase(key) : `${owner}${pascalCase(key)}`;
}

/** Returns whether a file's root is a type. A file with nothing but `$defs` has no type of its own. */
function saysSomething(document: unknown): boolean {
  return Object.keys(document as object).some((keyword) => keyword !== "$defs" && !annotations.has(keyword));
}
