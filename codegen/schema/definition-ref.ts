import type { Schema } from "./schema.js";
import { withReferences } from "./walk.js";

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
  for (const [, { $ref = "" }] of withReferences(schema)) names.add(nameOf($ref));
  return names;
}
