import type { Schema } from "../../schema/schema.js";
import { docComment, docOf } from "../../typescript/doc-comment.js";
import type { TypePrinter } from "../../typescript/type-printer.js";

/** The declaration of a type in a generated file. */
export interface Declaration {
  /** The doc comment with its line end; empty if there is none. */
  readonly doc: string;
  /** From `export` to the last character. */
  readonly text: string;
}

/** A schema to declare as a type. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: Schema;
  /** The doc comment's text. @defaultValue the schema's own */
  readonly doc?: string | undefined;
}

/** Declares a type for a flat schema. */
export function declare({ name, schema, doc = docOf(schema) }: NamedSchema, types: TypePrinter): Declaration {
  const head = `export type ${name} = `;
  const type = types.textOf(schema, head.length);
  const text = type.isInterface
    ? `export interface ${name} ${type.text}`
    : `${type.text.startsWith("\n") ? head.trimEnd() : head}${type.text};`;
  return { doc: docComment(doc), text };
}
