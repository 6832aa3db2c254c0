// What a schema says about one value, and where.

import type { JsonSchema } from "./json-schema.js";

/** Keywords that bring further schemas for the same value: layers, forms and conditions. */
const FURTHER = ["allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"] as const;

/** Keywords beside a `$ref` that make it one layer of several. */
const SHAPING = ["type", "properties", "patternProperties", "additionalProperties", "items", "prefixItems"] as const;

type Definitions = Readonly<Record<string, JsonSchema>>;

/** True if a value has no other schema than this one, or than the definition that it refers to. */
export function isSingle(schema: JsonSchema): boolean {
  if (FURTHER.some((keyword) => schema[keyword] !== undefined)) return false;
  if (schema.$ref !== undefined) return !SHAPING.some((keyword) => schema[keyword] !== undefined);
  const patterns = Object.keys(patternsOf(schema));
  if (patterns.length === 0) return true;
  const names = Object.keys(schema.properties ?? {});
  return patterns.length === 1 && !names.some((name) => new RegExp(patterns[0] ?? "", "u").test(name));
}

/** True for a schema that is about objects. A constant needs no closing. */
export function describesObject(schema: JsonSchema): boolean {
  if (schema.const !== undefined || schema.enum !== undefined) return false;
  const isTyped = [schema.type].flat().includes("object");
  return isTyped || schema.properties !== undefined || schema["patternProperties"] !== undefined;
}

/** True for a schema that says what is inside of an object or a list. */
export function describesInside(schema: JsonSchema): boolean {
  return ["additionalProperties", "items", "prefixItems", "contains"].some((keyword) => schema[keyword] !== undefined);
}

/** The schemas of a layer by pattern. */
export function patternsOf(layer: JsonSchema): Definitions {
  return (layer["patternProperties"] ?? {}) as Definitions;
}

/** The schema that is declared for a name, as a list. */
export function ownOf(properties: JsonSchema["properties"], name: string): readonly JsonSchema[] {
  return properties !== undefined && Object.hasOwn(properties, name) ? objectsIn(properties[name]) : [];
}

/** The schemas that apply to the same value: layers, forms and conditions. */
export function furtherOf(schema: JsonSchema): readonly JsonSchema[] {
  return FURTHER.flatMap((keyword) => {
    const value = schema[keyword];
    if (keyword === "dependentSchemas") return Object.values((value ?? {}) as Definitions);
    return Array.isArray(value) ? (value as readonly JsonSchema[]) : objectsIn(value);
  });
}

/** The schemas that one schema has for a property. */
export function schemasAt(
  schema: JsonSchema,
  name: string,
  regexes: ReadonlyMap<string, RegExp>,
): readonly JsonSchema[] {
  const own = ownOf(schema.properties, name);
  const matching = Object.entries(patternsOf(schema))
    .filter(([pattern]) => regexes.get(pattern)?.test(name))
    .map(([, schema]) => schema);
  const all = [...own, ...matching];
  return all.length > 0 ? all : objectsIn(schema.additionalProperties);
}

/** The objects and lists among the values that a schema allows one by one. */
export function valuesOf({ const: value, enum: values = [] }: JsonSchema): readonly object[] {
  return [value, ...values].filter((allowed) => typeof allowed === "object" && allowed !== null);
}

/** A schema with the names of a value. */
export function schemaOfValue(value: unknown): JsonSchema {
  if (typeof value !== "object" || value === null) return {};
  if (Array.isArray(value)) return { prefixItems: value.map(schemaOfValue) };
  return { properties: mapValues(value as Record<string, unknown>, schemaOfValue) };
}

/** A schema that is no boolean, as a list. */
export function objectsIn(value: unknown): readonly JsonSchema[] {
  return typeof value === "object" && value !== null ? [value as JsonSchema] : [];
}

/** The record with each value replaced. */
export function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value, name: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
