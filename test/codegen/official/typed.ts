import type { Schema } from "../../../codegen/schema/schema.js";
import { mapChildren } from "../../../codegen/schema/walk.js";

/** The schema, in which everything that describes objects or lists says so. */
export function typed(schema: Schema): Schema {
  const inner = mapChildren(schema, (child) => (typeof child === "object" ? typed(child) : child));
  if (inner.type !== undefined || inner.$ref !== undefined) return inner;
  if (inner.properties !== undefined || inner.patternProperties !== undefined) return { type: "object", ...inner };
  return inner.items !== undefined || inner.prefixItems !== undefined ? { type: "array", ...inner } : inner;
}
