import { isObject, sameValueKeywords } from "../schema/walk.js";
import { innerSchemas, type Raw } from "./raw.js";

/**
 * Declares what is required and declared nowhere: it may have any value. The schema is changed itself, so it must have
 * been made here.
 */
export function declareRequired(made: Raw, note: (schema: Raw, name: string) => void): void {
  const visit = (schema: Raw, outer: ReadonlySet<string>, isOuterOpen: boolean): void => {
    const declared = new Set([...outer, ...namesOf(schema)]);
    const isOpen = isOuterOpen || isOpenAt(schema);
    const { required, properties } = schema;
    const missing =
      isOpen || !Array.isArray(required) ? [] : required.map(String).filter((name) => !declared.has(name));
    for (const name of missing) note(schema, name);
    if (missing.length > 0) {
      const added = Object.fromEntries(missing.map((name) => [name, {}]));
      Object.assign(schema, { properties: { ...(isObject(properties) ? properties : {}), ...added } });
    }
    for (const [[keyword = ""], inner] of innerSchemas(schema)) {
      if (sameValueKeywords.has(keyword)) visit(inner, declared, isOpen);
      else visit(inner, new Set(), false);
    }
  };
  visit(made, new Set(), false);
}

/** The names that a schema and its layers declare. */
function namesOf(schema: Raw): readonly string[] {
  const { properties, allOf } = schema;
  const layers = Array.isArray(allOf) ? allOf.filter(isObject) : [];
  return [...(isObject(properties) ? Object.keys(properties) : []), ...layers.flatMap(namesOf)];
}

/** Whether a schema, or a layer of it, may declare more names than can be seen here. */
function isOpenAt(schema: Raw): boolean {
  const { additionalProperties = false, patternProperties, $ref, allOf } = schema;
  if (additionalProperties !== false || patternProperties !== undefined || $ref !== undefined) return true;
  return Array.isArray(allOf) && allOf.filter(isObject).some(isOpenAt);
}
