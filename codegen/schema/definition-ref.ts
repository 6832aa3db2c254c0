import type { Schema } from "./schema.js";
import { everyWithin } from "./walk.js";

const POINTER = "#/$defs/";

/** The `$ref` to a definition of a flat schema: `#/$defs/UserId`. */
export function refTo(name: string): string {
  return `${POINTER}${name}`;
}

/** The name of the definition in a flat schema's `$ref`. */
export function nameOf(ref: string): string {
  return ref.slice(POINTER.length);
}

const named = new WeakMap<Schema, ReadonlySet<string>>();

/** The names in all `$ref`s of a flat schema. They are looked for once, since many ask. */
export function namesIn(schema: Schema): ReadonlySet<string> {
  const known = named.get(schema);
  if (known !== undefined) return known;
  const names = new Set<string>();
  everyWithin(schema, ({ $ref }) => {
    if ($ref !== undefined) names.add(nameOf($ref));
    return true;
  });
  named.set(schema, names);
  return names;
}
