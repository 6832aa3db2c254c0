import type { JsonSchema } from "./json-schema.js";
import { mapSchemas } from "./schema-map.js";

/**
 * The schema of what is written: without the forms of `anyOf` that are `"tolerated"`, which readers accept and nobody
 * writes. A schema without such forms is returned as it is.
 */
export function withoutTolerated(schema: JsonSchema): JsonSchema {
  return JSON.stringify(schema).includes('"tolerated":true') ? mapSchemas(schema, withoutTheseForms) : schema;
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
