import type { Schema } from "./schema.js";
import { walk } from "./walk.js";

const POINTER = "#/$defs/";

/** The `$ref` to a definition of a flat schema: `#/$defs/UserId`. */
export function refTo(name: string): string {
  return `${POINTER}${name}`;
}

/** The name of the definition in a flat schema's `$ref`. */
export function nameOf(ref: string): string {
  return ref.slice(POINTER.length);
}

/** The names in all `$ref`s of a flat schema. */
export function namesIn(schema: Schema): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, inner] of walk(schema)) if (inner.$ref !== undefined) names.add(nameOf(inner.$ref));
  return names;
}
