import { isDeepStrictEqual } from "node:util";
import { annotations, keywordTypes } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";

/** Resolves a schema's `$ref`. Returns a schema without `$ref` unchanged. */
export type Expand = (schema: Schema) => Schema;

/**
 * Returns `true` only if the wide schema accepts every value that the narrow one accepts. A wrong `true` would drop a
 * constraint; a wrong `false` only replaces a named type by its properties. In doubt it returns `false`.
 */
export function implies(narrow: Schema, wide: Schema, expand: Expand): boolean {
  if (narrow.$ref !== undefined && narrow.$ref === wide.$ref) return true;
  const inner = expand(narrow);
  const outer = expand(wide);
  if (inner.enum !== undefined && outer.enum !== undefined && isSubset(inner.enum, outer.enum)) {
    return implies(without(inner, "enum"), without(outer, "enum"), expand);
  }
  return Object.keys(outer).every(
    (keyword) => annotations.has(keyword) || impliesKeyword(inner, outer, keyword, expand),
  );
}

function impliesKeyword(inner: Schema, outer: Schema, keyword: string, expand: Expand): boolean {
  const aboutType = keywordTypes.get(keyword);
  const innerTypes = typesOf(inner);
  if (aboutType !== undefined && innerTypes !== undefined && !innerTypes.some((type) => isWithin(type, [aboutType])))
    return true;
  switch (keyword) {
    case "type": {
      const outerTypes = typesOf(outer) ?? [];
      return innerTypes?.every((type) => isWithin(type, outerTypes)) ?? false;
    }
    case "additionalProperties":
      return (
        outer.additionalProperties === true ||
        (isDeepStrictEqual(inner.additionalProperties, outer.additionalProperties) &&
          isSubset(Object.keys(inner.properties ?? {}), Object.keys(outer.properties ?? {})))
      );
    case "properties":
      return Object.entries(outer.properties ?? {}).every(([name, wide]) => {
        const narrow = inner.properties?.[name];
        return narrow !== undefined && implies(narrow, wide, expand);
      });
    case "required":
      return isSubset(outer.required ?? [], inner.required ?? []);
    case "anyOf":
      return (outer.anyOf ?? []).some((branch) => implies(inner, branch, expand));
    case "minLength":
    case "minimum":
    case "minItems":
      return Number(inner[keyword] ?? Number.NEGATIVE_INFINITY) >= Number(outer[keyword]);
    case "maxLength":
    case "maximum":
    case "maxItems":
      return Number(inner[keyword] ?? Number.POSITIVE_INFINITY) <= Number(outer[keyword]);
    default:
      return isDeepStrictEqual(inner[keyword], outer[keyword]);
  }
}

/** The types that a schema allows; `undefined` if it allows any. */
export function typesOf(schema: Schema): readonly string[] | undefined {
  if (schema.type !== undefined) return [schema.type].flat();
  const samples = schema.const === undefined ? schema.enum : [schema.const];
  return samples && [...new Set(samples.map(typeOfValue))];
}

/** Returns whether a type is among the allowed types or is a subtype of one. */
export function isWithin(type: string, allowed: readonly string[]): boolean {
  return allowed.includes(type) || (type === "integer" && allowed.includes("number"));
}

function typeOfValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function isSubset(part: readonly unknown[], whole: readonly unknown[]): boolean {
  return part.every((value) => whole.some((other) => isDeepStrictEqual(value, other)));
}

function without(schema: Schema, keyword: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== keyword));
}
