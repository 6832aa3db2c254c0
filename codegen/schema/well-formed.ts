import { keywords } from "./keyword.js";
import { faultsOf, isSchema } from "./keyword-value.js";
import { EXCEPTION } from "./lint-rule.js";
import type { Schema } from "./schema.js";
import { isObject } from "./walk.js";

/**
 * Keeps the well-formed part of a document and drops keywords that are unknown or have a wrong value, which the checks
 * report, and the exceptions from lint rules. All other code can rely on the form of a schema.
 */
export function wellFormed(document: Readonly<Record<string, unknown>>): Schema {
  const schema: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(document)) {
    const kind = keywords.get(keyword);
    // Exceptions are for the lint alone, which reads them from the document.
    if (kind === undefined || keyword === EXCEPTION) continue;
    if (kind === "named schemas" && isObject(value)) {
      const sound = Object.entries(value).filter(([name, inner]) => isSchema(inner) && name !== "__proto__");
      schema[keyword] = Object.fromEntries(sound.map(([name, inner]) => [name, schemaOf(inner)]));
    } else if (faultsOf(keyword, value).length === 0) schema[keyword] = withinKeyword(value, kind);
  }
  return schema;
}

function withinKeyword(value: unknown, kind: string): unknown {
  if (kind === "schemas") return (value as readonly unknown[]).map(schemaOf);
  return kind === "schema" || (kind === "schema or boolean" && isObject(value)) ? schemaOf(value) : value;
}

/** A schema as an object: `true` allows anything, `false` nothing. */
function schemaOf(value: unknown): Schema {
  if (typeof value === "boolean") return value ? {} : { not: {} };
  return wellFormed(value as Record<string, unknown>);
}
