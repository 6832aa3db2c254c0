import type { JsonSchema } from "./json-schema.js";

/** Keywords that hold one schema, a list of schemas, or schemas by name. What other keywords hold is data. */
const HOLDS_SCHEMA = new Set([
  "items",
  "additionalProperties",
  "contains",
  "propertyNames",
  "not",
  "if",
  "then",
  "else",
]);
const HOLDS_LIST = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const HOLDS_NAMED = new Set(["properties", "patternProperties", "dependentSchemas", "$defs"]);

/**
 * The schema of what is written: without the forms of `anyOf` that are `"tolerated"`, which readers accept and nobody
 * writes. A schema without such forms is returned as it is.
 */
export function withoutTolerated(schema: JsonSchema): JsonSchema {
  return JSON.stringify(schema).includes('"tolerated":true') ? strip(schema) : schema;
}

function strip(schema: JsonSchema): JsonSchema {
  return mapValues(withoutTheseForms(schema), (value, keyword) => {
    if (typeof value !== "object" || value === null) return value;
    if (HOLDS_SCHEMA.has(keyword)) return strip(value as JsonSchema);
    if (HOLDS_NAMED.has(keyword)) return mapValues(value as Record<string, JsonSchema>, stripOne);
    return HOLDS_LIST.has(keyword) ? (value as readonly JsonSchema[]).map(stripOne) : value;
  });
}

/** A single form that is left is no choice any more: it becomes part of its schema, so its issues are told one by one. */
function withoutTheseForms(schema: JsonSchema): JsonSchema {
  const { anyOf = [], ...rest } = schema;
  const left = anyOf.filter(({ tolerated }) => tolerated !== true);
  if (left.length === anyOf.length) return schema;
  const [only = {}, ...more] = left;
  const isApart = Object.keys(only).some((keyword) => keyword in rest && rest[keyword] !== only[keyword]);
  return more.length > 0 || isApart ? { ...rest, anyOf: left } : { ...rest, ...only };
}

/** An item of a list or a named schema, which callers without types may have as `true` or `false`. */
function stripOne(schema: JsonSchema): JsonSchema {
  return typeof schema === "object" ? strip(schema) : schema;
}

function mapValues<Value>(
  values: { readonly [name: string]: Value },
  map: (value: Value, name: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
