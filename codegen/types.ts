import { createRequire } from "node:module";
import { printable } from "./printable.js";
import type { Schema } from "./schema.js";
import { layOutType } from "./type-text.js";

/** The TypeScript of one definition, without its name and doc comment. */
export interface TypeText {
  /** Whether `text` is an interface's body; else it is the right-hand side of a `type`. */
  readonly isInterface: boolean;
  readonly text: string;
}

/** Required, not imported: its typings do not compile under `exactOptionalPropertyTypes`. */
const { compile } = createRequire(import.meta.url)("json-schema-to-typescript") as {
  compile(schema: object, name: string, options: object): Promise<string>;
};

const options = {
  additionalProperties: false,
  bannerComment: "",
  declareExternallyReferenced: false,
  format: false,
} as const;

/**
 * The type of a flat schema. json-schema-to-typescript sees one definition at a time, with every `$ref` replaced by
 * the name of its type, since what it makes of `$ref`s itself declares the same type again and again.
 *
 * @param column where the text of an alias starts
 */
export async function typeOfSchema(schema: Schema, column = 0): Promise<TypeText> {
  const root = { ...printable(schema, docOf), title: "Root" };
  const printed = (await compile(root, "Root", options)).trim();
  const [head = "", isInterface] = /^export (?:(interface) Root |type Root = )/.exec(printed) ?? [];
  const text = layOutType(printed.slice(head.length), isInterface ? 0 : column);
  return { isInterface: isInterface !== undefined, text };
}

/** The doc comment of a schema, as text. */
export function docOf(schema: Schema): string {
  const { description, deprecated } = schema;
  const sensitive = schema.sensitive === true ? "Sensitive: masked in logs and on screens." : undefined;
  return [
    [description, sensitive].filter((sentence) => sentence !== undefined).join(" "),
    schema.default === undefined ? undefined : `@defaultValue ${JSON.stringify(schema.default)}`,
    deprecated === true ? "@deprecated" : undefined,
  ]
    .filter((line) => line !== undefined && line !== "")
    .join("\n");
}
