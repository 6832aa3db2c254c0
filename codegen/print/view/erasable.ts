import type { Model } from "../../model/model.js";
import type { Schema } from "../../schema/schema.js";
import { everyWithin } from "../../schema/walk.js";
import { ERASED } from "../../typescript/shape.js";
import type { NamedSchema } from "./declaration.js";

/** The runtime's types that the declarations of a file need: that of an erased value, if there may be any. */
export function erasedTypes(declared: readonly NamedSchema[]): readonly string[] {
  return declared.some(({ schema }) => !isWhole(schema)) ? [ERASED] : [];
}

/** The type of what a publisher writes, in which nothing is erased. */
export function writtenType(name: string, schema: Schema, model: Model): string {
  return isErasable(schema, model) ? `Unerased<${name}>` : name;
}

/** Whether a schema, or a type that it refers to, has a value that may be erased. */
export function isErasable(schema: Schema, { flattener }: Model): boolean {
  if (!isWhole(schema)) return true;
  return flattener.closure(schema).some((definition) => !isWhole(flattener.definition(definition)));
}

function isWhole(schema: Schema): boolean {
  return everyWithin(schema, ({ subject }) => subject === undefined);
}
