import type { JsonSchema } from "./json-schema.js";
import { mapSchemas } from "./map-schema.js";

/** Keywords that test a value: to refuse more within them would accept more. */
const TESTS = new Set(["not", "if"]);

/** The schema with what JavaScript demands besides: a whole number lies within ±(2^53 − 1). */
export function withNumberBounds(schema: JsonSchema): JsonSchema {
  return mapSchemas(bounded(schema), withNumberBounds, TESTS);
}

/** A bound that is left out costs no comparison. */
function bounded(schema: JsonSchema): JsonSchema {
  const types = [schema.type].flat();
  if (!types.includes("integer") || types.includes("number")) return schema;
  const { minimum, exclusiveMinimum = minimum, maximum, exclusiveMaximum = maximum } = schema;
  const { MIN_SAFE_INTEGER: least, MAX_SAFE_INTEGER: most } = Number;
  return {
    ...schema,
    ...(Number(exclusiveMinimum) >= least ? {} : { minimum: least }),
    ...(Number(exclusiveMaximum) <= most ? {} : { maximum: most }),
  };
}
