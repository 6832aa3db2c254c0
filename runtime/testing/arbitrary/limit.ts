import type { JsonSchema } from "../../contract/json-schema.js";

/** The number of a keyword. */
export function limit(schema: JsonSchema, keyword: string, otherwise: number): number {
  return (schema[keyword] as number | undefined) ?? otherwise;
}
