import { keywords } from "../schema/keyword.js";
import type { Path } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";

/** A schema of any draft, as it was found. */
export type Raw = Readonly<Record<string, unknown>>;

/** Keywords of other drafts that hold schemas. */
const foreign: ReadonlyMap<string, "schema" | "named schemas"> = new Map([
  ["definitions", "named schemas"],
  ["dependencies", "named schemas"],
  ["additionalItems", "schema"],
  ["unevaluatedProperties", "schema"],
  ["unevaluatedItems", "schema"],
  ["contentSchema", "schema"],
]);

/** The schemas directly inside a schema of any draft, each with the way to it. */
export function innerSchemas(schema: Raw): readonly (readonly [way: Path, inner: Raw])[] {
  const found: (readonly [Path, Raw])[] = [];
  mapInner(schema, (inner, way) => {
    if (isObject(inner)) found.push([way, inner]);
    return inner;
  });
  return found;
}

/** Copies a schema with each schema directly inside it replaced. What has not the form of its keyword stays as it is. */
export function mapInner(schema: Raw, replace: (inner: unknown, way: Path) => unknown): Raw {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      const kind = keywords.get(keyword) ?? foreign.get(keyword);
      if (kind?.includes("schema") !== true) return [keyword, value];
      if (Array.isArray(value)) return [keyword, value.map((item, at) => replace(item, [keyword, `${at}`]))];
      if (kind !== "named schemas") return [keyword, replace(value, [keyword])];
      if (!isObject(value)) return [keyword, value];
      const entries = Object.entries(value).map(([name, item]) => [
        name,
        Array.isArray(item) ? item : replace(item, [keyword, name]),
      ]);
      return [keyword, Object.fromEntries(entries)];
    }),
  );
}

/** A copy without some keywords. */
export function without(schema: Raw, ...names: readonly string[]): Raw {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));
}
