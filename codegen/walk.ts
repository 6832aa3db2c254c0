import { keywords } from "./keyword.js";
import type { Path } from "./pointer.js";
import type { Schema } from "./schema.js";

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A schema inside another, with the way to it. */
export type Child = readonly [path: Path, schema: Schema];

/** The schemas that stand directly in one. What is no schema although it should be is passed over. */
export function childrenOf(schema: Schema): readonly Child[] {
  return Object.entries(schema).flatMap(([keyword, value]): Child[] => {
    switch (keywords.get(keyword)) {
      case "schema":
      case "schema or boolean":
        return isObject(value) ? [[[keyword], value]] : [];
      case "schemas":
        return Array.isArray(value)
          ? value.flatMap((item, at): Child[] => (isObject(item) ? [[[keyword, `${at}`], item]] : []))
          : [];
      case "named schemas":
        return isObject(value)
          ? Object.entries(value).flatMap(([name, item]): Child[] => (isObject(item) ? [[[keyword, name], item]] : []))
          : [];
      default:
        return [];
    }
  });
}

/** The schema and every schema inside it, outermost first. */
export function* walk(schema: Schema, path: Path = []): Generator<Child> {
  yield [path, schema];
  for (const [way, child] of childrenOf(schema)) yield* walk(child, [...path, ...way]);
}

/** The schema with every schema directly in it replaced. */
export function mapChildren(schema: Schema, replace: (child: Schema) => Schema): Schema {
  const mapped: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) mapped[keyword] = mapKeyword(keyword, value, replace);
  return mapped;
}

function mapKeyword(keyword: string, value: unknown, replace: (child: Schema) => Schema): unknown {
  if (typeof value !== "object" || value === null) return value;
  switch (keywords.get(keyword)) {
    case "schema":
    case "schema or boolean":
      return replace(value as Schema);
    case "schemas":
      return (value as readonly Schema[]).map(replace);
    case "named schemas":
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, Schema>>).map(([name, child]) => [name, replace(child)]),
      );
    default:
      return value;
  }
}
