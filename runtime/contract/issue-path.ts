import { printable } from "./printable.js";
import { MASKED } from "./sensitive.js";

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
  return path.length > LONGEST ? `${path.slice(0, LONGEST)}…` : path;
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
