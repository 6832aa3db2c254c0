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
 * A copy of a schema in which it and every schema within it is replaced, from the outside in.
 *
 * @param besides - keywords whose schemas stay as they are
 */
export function mapSchemas(
  schema: JsonSchema,
  replace: (schema: JsonSchema) => JsonSchema,
  besides: ReadonlySet<string> = new Set(),
): JsonSchema {
  // Callers without types may have `true` or `false` for a schema.
  const inner = (each: JsonSchema): JsonSchema =>
    typeof each === "object" ? mapSchemas(each, replace, besides) : each;
  return mapValues(replace(schema), (value, keyword) => {
    if (typeof value !== "object" || value === null || besides.has(keyword)) return value;
    if (HOLDS_SCHEMA.has(keyword)) return inner(value as JsonSchema);
    if (HOLDS_NAMED.has(keyword)) return mapValues(value as Record<string, JsonSchema>, inner);
    return HOLDS_LIST.has(keyword) ? (value as readonly JsonSchema[]).map(inner) : value;
  });
}

function mapValues<Value>(
  values: { readonly [name: string]: Value },
  map: (value: Value, name: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
