import { annotations } from "../schema/keyword.js";
import type { Schema } from "../schema/schema.js";

/** What making the values of one schema needs of the others. */
export interface Maker {
  /** Values that a schema accepts, the one with most in it first. */
  of(schema: Schema, depth: number): readonly unknown[];
  accepts(schema: Schema, value: unknown): boolean;
  /** What two schemas both accept; `undefined` if they contradict each other. */
  both(one: Schema, other: Schema): Schema | undefined;
  /** Returns whether a value at this depth has only what it must have. */
  isDeep(depth: number): boolean;
}

/** Keywords that what is made keeps by the way in which it is made. */
const kept: ReadonlySet<string> = new Set([
  ...annotations,
  ...["$ref", "type", "properties", "required", "additionalProperties", "patternProperties", "items", "minItems"],
  ...["format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
]);

/** Returns whether a schema has other keywords, which what is made may break. */
export function saysMore(schema: Schema): boolean {
  for (const keyword in schema) if (!kept.has(keyword)) return true;
  return false;
}
