import { type KeywordValue, keywords } from "./keyword.js";
import { faultsOf, isSchema } from "./keyword-value.js";
import { EXCEPTION } from "./lint-rule.js";
import type { Schema } from "./schema.js";
import { isObject, mapEach, mapList } from "./walk.js";

/**
 * Keeps the well-formed part of a document and drops keywords that are unknown or have a wrong value, which the checks
 * report, and the exceptions from lint rules. All other code can rely on the form of a schema. What is well-formed as a
 * whole is not copied.
 */
export function wellFormed(document: Readonly<Record<string, unknown>>): Schema {
  const isSound = (keyword: string): boolean => {
    const kind = keywords.get(keyword);
    // Exceptions are for the lint alone, which reads them from the document.
    if (kind === undefined || keyword === EXCEPTION) return false;
    const value = document[keyword];
    return (kind === "named schemas" && isObject(value)) || faultsOf(keyword, value).length === 0;
  };
  return mapEach(onlyThose(document, isSound), (value, keyword) => withinKeyword(value, keywords.get(keyword)));
}

function withinKeyword(value: unknown, kind: KeywordValue | undefined): unknown {
  if (kind === "named schemas" && isObject(value)) {
    const isSound = (name: string): boolean => isSchema(value[name]) && name !== "__proto__";
    return mapEach(onlyThose(value, isSound), schemaOf);
  }
  if (kind === "schemas") return mapList(value as readonly unknown[], schemaOf);
  return kind === "schema" || (kind === "schema or boolean" && isObject(value)) ? schemaOf(value) : value;
}

/** An object with only those of its properties that pass a test; the object itself if all of them do. */
function onlyThose(
  object: Readonly<Record<string, unknown>>,
  passes: (key: string) => boolean,
): Readonly<Record<string, unknown>> {
  const keys = Object.keys(object);
  const kept = keys.filter(passes);
  return kept.length === keys.length ? object : Object.fromEntries(kept.map((key) => [key, object[key]]));
}

/** A schema as an object: `true` allows anything, `false` nothing. */
function schemaOf(value: unknown): Schema {
  if (typeof value === "boolean") return value ? {} : { not: {} };
  return wellFormed(value as Record<string, unknown>);
}
