import { isDeepStrictEqual } from "node:util";
import { annotations, keywordTypes } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";
import { ValueSet } from "../schema/value-set.js";
import type { Answers } from "./answer.js";

/** Resolves a schema's `$ref`. Returns a schema without `$ref` unchanged. */
export type Expand = (schema: Schema) => Schema;

/** What comparing schemas needs. */
export interface ImpliesContext {
  readonly expand: Expand;
  /** Whether the narrow schema may close what the wide one opens by `"additionalProperties": true`, as an envelope does. */
  readonly mayClose: boolean;
  /** The answers for pairs of named types. They end recursion, and keep shared types from being compared many times. */
  readonly implied: Answers;
}

/**
 * Returns `true` only if the wide schema can be left out beside the narrow one: it accepts every value that the narrow
 * one accepts, and it declares no name that the narrow one does not. A wrong `true` would drop a constraint, or have the
 * strict writer refuse a declared name; a wrong `false` only replaces a named type by its properties. In doubt it
 * returns `false`.
 */
export function implies(narrow: Schema, wide: Schema, context: ImpliesContext): boolean {
  if (narrow.$ref !== undefined && narrow.$ref === wide.$ref) return true;
  const { expand, implied } = context;
  if (narrow.$ref === undefined || wide.$ref === undefined) return compare(expand(narrow), expand(wide), context);
  const pair = `${narrow.$ref} ${wide.$ref} ${context.mayClose}`;
  return implied.answer(pair, () => compare(expand(narrow), expand(wide), context));
}

function compare(inner: Schema, outer: Schema, context: ImpliesContext): boolean {
  if (inner.enum !== undefined && outer.enum !== undefined && isSubset(inner.enum, outer.enum)) {
    return compare(inner, without(outer, "enum"), context);
  }
  return Object.keys(outer).every(
    (keyword) => annotations.has(keyword) || impliesKeyword(inner, outer, keyword, context),
  );
}

/** Keywords whose meaning depends on others. Two schemas' groups mean the same only if they are equal as a whole. */
export const inseparable: readonly (readonly string[])[] = [
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
  ["prefixItems", "items"],
];

function impliesKeyword(inner: Schema, outer: Schema, keyword: string, context: ImpliesContext): boolean {
  const aboutType = keywordTypes.get(keyword);
  const innerTypes = typesOf(inner);
  if (aboutType !== undefined && innerTypes !== undefined && !innerTypes.some((type) => isWithin(type, [aboutType])))
    return true;
  const group = inseparable.find((keywords) => keywords.includes(keyword));
  if (group !== undefined) return group.every((name) => isDeepStrictEqual(inner[name], outer[name]));
  switch (keyword) {
    case "type": {
      const outerTypes = typesOf(outer) ?? [];
      return innerTypes?.every((type) => isWithin(type, outerTypes)) ?? false;
    }
    case "additionalProperties":
      return (
        (outer.additionalProperties === true && (context.mayClose || inner.additionalProperties !== undefined)) ||
        (isDeepStrictEqual(inner.additionalProperties, outer.additionalProperties) &&
          isDeepStrictEqual(inner.patternProperties, outer.patternProperties) &&
          isSubset(Object.keys(inner.properties ?? {}), Object.keys(outer.properties ?? {})))
      );
    case "properties":
      return Object.entries(outer.properties ?? {}).every(([name, wide]) => {
        const narrow = inner.properties?.[name];
        return narrow !== undefined && implies(narrow, wide, context);
      });
    case "required":
      return isSubset(outer.required ?? [], inner.required ?? []);
    case "anyOf":
      return impliesChoice(inner, outer.anyOf ?? [], context);
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

/** One form accepts what the schema accepts, and no other form declares a name for it. */
function impliesChoice(inner: Schema, forms: readonly Schema[], context: ImpliesContext): boolean {
  const others = forms.filter((form) => !implies(inner, form, context));
  return others.length < forms.length && others.every((form) => isSilent(context.expand(form), inner));
}

/** Keywords with which a schema says nothing about what is inside a value. */
const silentKeywords: ReadonlySet<string> = new Set([
  ...annotations,
  ...[...keywordTypes].flatMap(([name, type]) => (hasInside(type) ? [] : [name])),
]);

/** Returns whether values of a type hold others. */
export function hasInside(type: string): boolean {
  return type === "object" || type === "array";
}

/** True if a form declares no names for a value of the other schema: it holds none, or is about values of other types. */
function isSilent(form: Schema, beside: Schema): boolean {
  const types = typesOf(form);
  if (types === undefined) return Object.keys(form).every((keyword) => silentKeywords.has(keyword));
  const others = typesOf(beside) ?? types;
  return !types.some((type) => hasInside(type) && others.includes(type));
}

/** The types that a schema allows; `undefined` if it allows any. */
export function typesOf(schema: Schema): readonly string[] | undefined {
  const { type } = schema;
  if (type !== undefined) return typeof type === "string" ? [type] : type;
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
  return new ValueSet(whole).hasAll(part);
}

function without(schema: Schema, keyword: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== keyword));
}
