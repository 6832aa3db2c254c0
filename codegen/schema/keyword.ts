/** The form of a keyword's value. It also tells where a value contains schemas. */
export type KeywordValue =
  | "schema"
  | "schema or boolean"
  | "schemas"
  | "named schemas"
  | "text"
  | "flag"
  | "number"
  | "positive number"
  | "count"
  | "names"
  | "named names"
  | "type"
  | "values"
  | "exceptions"
  | "day"
  | "name"
  | "encrypt"
  | "subject"
  | "anything";

/**
 * The keywords of JSON Schema 2020-12 that a catalogue may use, and our annotations: `sunset`, `replacedBy`, `sensitive`,
 * `encrypt`, `subject`, `tolerated` and `lintIgnore`.
 */
export const keywords: ReadonlyMap<string, KeywordValue> = new Map<string, KeywordValue>([
  ["$schema", "text"],
  ["$comment", "text"],
  ["$ref", "text"],
  ["$defs", "named schemas"],
  ["title", "text"],
  ["description", "text"],
  ["deprecated", "flag"],
  ["sunset", "day"],
  ["replacedBy", "name"],
  ["readOnly", "flag"],
  ["writeOnly", "flag"],
  ["sensitive", "flag"],
  ["encrypt", "encrypt"],
  ["subject", "subject"],
  ["tolerated", "flag"],
  ["lintIgnore", "exceptions"],
  ["default", "anything"],
  ["examples", "values"],
  ["type", "type"],
  ["const", "anything"],
  ["enum", "values"],
  ["format", "text"],
  ["pattern", "text"],
  ["minLength", "count"],
  ["maxLength", "count"],
  ["minimum", "number"],
  ["maximum", "number"],
  ["exclusiveMinimum", "number"],
  ["exclusiveMaximum", "number"],
  ["multipleOf", "positive number"],
  ["properties", "named schemas"],
  ["patternProperties", "named schemas"],
  ["additionalProperties", "schema or boolean"],
  ["propertyNames", "schema"],
  ["required", "names"],
  ["dependentRequired", "named names"],
  ["dependentSchemas", "named schemas"],
  ["minProperties", "count"],
  ["maxProperties", "count"],
  ["items", "schema or boolean"],
  ["prefixItems", "schemas"],
  ["contains", "schema"],
  ["minContains", "count"],
  ["maxContains", "count"],
  ["minItems", "count"],
  ["maxItems", "count"],
  ["uniqueItems", "flag"],
  ["allOf", "schemas"],
  ["anyOf", "schemas"],
  ["oneOf", "schemas"],
  ["not", "schema"],
  ["if", "schema"],
  ["then", "schema"],
  ["else", "schema"],
  ["contentEncoding", "text"],
  ["contentMediaType", "text"],
]);

/** Keywords of JSON Schema that a catalogue may not use, each with the reason. */
export const bannedKeywords: ReadonlyMap<string, string> = new Map([
  ["$id", "a file is identified by its path; an `$id` would change how its relative `$ref`s resolve"],
  ["$anchor", "use `#/$defs/<Name>`, which every tool resolves in the same way"],
  ["$dynamicRef", "validators implement it differently; use `$ref`"],
  ["$dynamicAnchor", "validators implement it differently; use `$ref`"],
  ["$vocabulary", "it is meant for metaschemas only"],
  ["unevaluatedProperties", "the publisher already rejects undeclared properties; use `additionalProperties`"],
  ["unevaluatedItems", "use `items` together with `prefixItems`"],
  ["contentSchema", "nothing checks what a text holds; say it in the `description`"],
  ["additionalItems", "since 2020-12 it is called `items`, beside `prefixItems`"],
  ["$recursiveRef", "validators implement it differently; use `$ref`"],
  ["$recursiveAnchor", "validators implement it differently; use `$ref`"],
  ["nullable", 'it belongs to OpenAPI; add "null" to the `type`'],
  ["discriminator", "it belongs to OpenAPI; give the discriminating property a `const` in each form"],
  ["definitions", "since 2019-09 it is called `$defs`"],
  ["dependencies", "since 2019-09 it is split into `dependentRequired` and `dependentSchemas`"],
]);

/** Keywords that describe a value without constraining it. */
export const annotations: ReadonlySet<string> = new Set([
  "$schema",
  "$comment",
  "title",
  "description",
  "deprecated",
  "sunset",
  "replacedBy",
  "readOnly",
  "writeOnly",
  "sensitive",
  "encrypt",
  "subject",
  "tolerated",
  "lintIgnore",
  "default",
  "examples",
]);

/** The type of value that a keyword constrains. Values of other types satisfy the keyword. */
export const keywordTypes: ReadonlyMap<string, string> = new Map([
  ...["format", "pattern", "minLength", "maxLength"].map((keyword) => [keyword, "string"] as const),
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map(
    (keyword) => [keyword, "number"] as const,
  ),
  ...["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"].map(
    (keyword) => [keyword, "array"] as const,
  ),
  ...["properties", "patternProperties", "additionalProperties", "propertyNames", "required"].map(
    (keyword) => [keyword, "object"] as const,
  ),
]);

/** The types that a value can have. */
export const types: readonly string[] = ["string", "integer", "number", "boolean", "object", "array", "null"];
