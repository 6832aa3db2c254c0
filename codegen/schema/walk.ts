import { keywords } from "./keyword.js";
import type { Path } from "./pointer.js";
import type { Schema } from "./schema.js";

/** Returns whether the value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A schema inside another, with the path to it. */
export type Child = readonly [path: Path, schema: Schema];

/** Keywords whose schemas apply to the same value as the schema that holds them. */
export const sameValueKeywords: ReadonlySet<string> = new Set([
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"],
]);

/** The schemas directly inside a schema. Values that should be schemas and are not are skipped. */
export function childrenOf(schema: Schema): readonly Child[] {
  const children: Child[] = [];
  everyChild(schema, (child, keyword, key) => {
    children.push([key === undefined ? [keyword] : [keyword, key], child]);
    return true;
  });
  return children;
}

/** Returns whether a test holds for every schema directly inside a schema. It is not called behind one that fails. */
function everyChild(schema: Schema, holds: (child: Schema, keyword: string, key?: string) => boolean): boolean {
  // By name, since most values are strings and numbers, and a list of all would take longer than looking at them.
  for (const keyword in schema) {
    const value: unknown = schema[keyword];
    if (typeof value !== "object" || value === null) continue;
    const kind = keywords.get(keyword);
    if (kind === "schema" || kind === "schema or boolean") {
      if (isObject(value) && !holds(value, keyword)) return false;
    } else if ((kind === "schemas" && Array.isArray(value)) || (kind === "named schemas" && isObject(value))) {
      for (const [key, item] of Object.entries(value)) if (isObject(item) && !holds(item, keyword, key)) return false;
    }
  }
  return true;
}

/** The schema and every schema inside it, outermost first. */
export function walk(schema: Schema, path: Path = []): readonly Child[] {
  const found: Child[] = [];
  const visit = (at: Path, inner: Schema): void => {
    found.push([at, inner]);
    for (const [way, child] of childrenOf(inner)) visit([...at, ...way], child);
  };
  visit(path, schema);
  return found;
}

/** Returns whether a test holds for a schema and every schema inside it. */
export function everyWithin(schema: Schema, holds: (inner: Schema) => boolean): boolean {
  return holds(schema) && everyChild(schema, (child) => everyWithin(child, holds));
}

const referring = new WeakMap<Schema, readonly Child[]>();

/** Those of them that have a `$ref`. They are looked for once, since most schemas have none, and many ask. */
export function withReferences(schema: Schema): readonly Child[] {
  let found = referring.get(schema);
  if (found === undefined) {
    found = walk(schema).filter(([, { $ref }]) => $ref !== undefined);
    referring.set(schema, found);
  }
  return found;
}

/** The schema with every schema directly inside it replaced: a copy, or itself if each is replaced by itself. */
export function mapChildren(schema: Schema, replace: (child: Schema) => Schema): Schema {
  return mapEach(schema, (value, keyword) => mapKeyword(keyword, value, replace));
}

function mapKeyword(keyword: string, value: unknown, replace: (child: Schema) => Schema): unknown {
  if (typeof value !== "object" || value === null) return value;
  switch (keywords.get(keyword)) {
    case "schema":
    case "schema or boolean":
      return replace(value as Schema);
    case "schemas":
      return mapList(value as readonly Schema[], replace);
    case "named schemas":
      return mapEach(value as Readonly<Record<string, Schema>>, replace);
    default:
      return value;
  }
}

/** Replaces the items of a list: a copy, or the list itself if each is replaced by itself. */
export function mapList<Item>(items: readonly Item[], replace: (item: Item) => Item): readonly Item[] {
  const mapped = items.map((item) => replace(item));
  return mapped.every((item, at) => item === items[at]) ? items : mapped;
}

/** Replaces the values of an object. It is copied only if one of them changes: most schemas stay as they are. */
export function mapEach<Value>(
  values: Readonly<Record<string, Value>>,
  replace: (value: Value, key: string) => Value,
): Record<string, Value> {
  let mapped: Record<string, Value> | undefined;
  for (const key in values) {
    const value = values[key] as Value;
    const replaced = replace(value, key);
    if (replaced === value) continue;
    mapped ??= { ...values };
    mapped[key] = replaced;
  }
  return mapped ?? values;
}
