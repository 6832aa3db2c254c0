import { docComment } from "../doc-comment.js";
import type { Schema } from "../schema.js";
import { docOf, typeOfSchema } from "../types.js";

/** A type as it stands in a generated file. */
export interface Declaration {
  /** The doc comment with its line end; empty when there is nothing to say. */
  readonly doc: string;
  /** From `export` to the last character. */
  readonly text: string;
}

/**
 * Declares a type for a flat schema.
 *
 * @param doc the doc comment's text, unless it is the schema's own
 */
export async function declare(name: string, schema: Schema, doc: string = docOf(schema)): Promise<Declaration> {
  const head = `export type ${name} = `;
  const type = await typeOfSchema(schema, head.length);
  const text = type.isInterface
    ? `export interface ${name} ${type.text}`
    : `${type.text.startsWith("\n") ? head.trimEnd() : head}${type.text};`;
  return { doc: docComment(doc), text };
}
