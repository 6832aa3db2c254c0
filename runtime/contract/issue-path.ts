import { printable } from "./printable.js";
import { MASKED } from "./sensitive.js";

/** The keys to a value as they are written in code: `after_data.roles[0]["a b"]`. */
export function pathOf(keys: readonly string[]): string {
  return keys.reduce((path, key) => {
    if (/^\d+$/.test(key)) return `${path}[${key}]`;
    if (/^[A-Za-z_$][\w$]*$/.test(key)) return path === "" ? key : `${path}.${key}`;
    return `${path}[${key === MASKED ? key : printable(JSON.stringify(key))}]`;
  }, "");
}

/** The keys of such a path. Digits alone are a number, in a list and in an object. */
export function keysOf(path: string): readonly (string | number)[] {
  const keys = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...keys].map(([, index, quoted, name]) => {
    if (index !== undefined) return Number(index);
    return name ?? (JSON.parse(quoted as string) as string);
  });
}
