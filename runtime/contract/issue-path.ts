import type { JsonSchema } from "./json-schema.js";
import { cut, printable } from "./printable.js";
import { MASKED, maskedOf } from "./sensitive.js";

/** More of a path is not shown: its names come from a message, which may be of any length. */
const LONGEST = 200;

/** The keys to a value as they are written in code: `after_data.roles[0]["first-name"]`. */
export function pathOf(keys: readonly string[]): string {
  let path = "";
  for (const key of keys) {
    if (path.length > LONGEST) break;
    if (/^\d+$/.test(key)) path += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(key)) path += path === "" ? key : `.${key}`;
    else path += `[${key === MASKED ? key : printable(JSON.stringify(key))}]`;
  }
  return cut(path, LONGEST);
}

/** The same without names that a schema marks as sensitive. The first keys are not shown if they are left out. */
export function shownPath(keys: readonly string[], schema: JsonSchema, leftOut = 0): string {
  return pathOf(maskedOf(schema, keys, false).path.slice(leftOut));
}

/** A path below another one. */
export function pathWithin(outer: string, inner: string): string {
  return inner === "" || inner.startsWith("[") || outer === "" ? outer + inner : `${outer}.${inner}`;
}

/** The keys of such a path. Digits alone are a number, in a list and in an object. */
export function keysOf(path: string): readonly (string | number)[] {
  const keys = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...keys].map(([, index, quoted, name]) => {
    if (index !== undefined) return Number(index);
    return name ?? (JSON.parse(quoted as string) as string);
  });
}
