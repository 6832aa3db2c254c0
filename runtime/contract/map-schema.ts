import type { JsonSchema } from "./json-schema.js";
import { mapValues } from "./layer.js";

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
const NONE: ReadonlySet<string> = new Set();
const HOLDS_NAMED = new Set(["properties", "patternProperties", "dependentSchemas", "$defs"]);

/**
 * The schema with each schema directly inside it replaced.
 *
 * @param besides - keywords whose schemas stay as they are
 */
export function mapSchemas(
  schema: JsonSchema,
  replace: (inner: JsonSchema) => JsonSchema,
  besides: ReadonlySet<string> = NONE,
): JsonSchema {
  return mapValues(schema, (value, keyword) => {
    if (typeof value !== "object" || value === null || besides.has(keyword)) return value;
    if (HOLDS_SCHEMA.has(keyword)) return replace(value as JsonSchema);
    if (HOLDS_NAMED.has(keyword)) return mapValues(value as Record<string, JsonSchema>, replaceOne);
    return HOLDS_LIST.has(keyword) ? (value as readonly JsonSchema[]).map(replaceOne) : value;
  });

  /** An item of a list or a named schema, which callers without types may have as `true` or `false`. */
  function replaceOne(inner: JsonSchema): JsonSchema {
    return typeof inner === "object" ? replace(inner) : inner;
  }
}
