import type { Kind } from "../../model/kind.js";
import { fileOf, type Message } from "../../model/model.js";
import { namesOf } from "../../model/names.js";
import type { Schema } from "../../schema/schema.js";
import { deprecationOf, docComment } from "../../typescript/doc-comment.js";
import { printList, printLiteral } from "../../typescript/literal.js";

/** What the files about all messages say of one of them. */
export interface Entry {
  readonly kind: Pick<Kind, "kind">;
  /** The type on the wire. */
  readonly type: string;
  /** The TypeScript name. */
  readonly name: string;
  /** The message's generated file, without extension. */
  readonly file: string;
  /** The doc comment of its handler. */
  readonly doc: string;
  readonly examples: readonly Example[];
}

/** A factory of examples. */
export interface Example {
  readonly what: string;
  readonly signature: string;
  readonly typeName: string;
  readonly literal: string;
}

/** The entry of a message. */
export function entryOf(message: Message): Entry {
  const { kind, type, name, definition } = message;
  const examples = examplesOf(message);
  return { kind: { kind: kind.kind }, type, name, file: fileOf(definition), doc: handlerDoc(message), examples };
}

function handlerDoc({ schema }: Message): string {
  const description = String(schema.description ?? "").split("\n\n")[0] ?? "";
  return docComment([description, deprecationOf(schema) ?? ""].join("\n"), 2);
}

function examplesOf(message: Message): readonly Example[] {
  const names = namesOf(message);
  return [
    exampleOf(`A complete \`${message.type}\``, names.example, names.message, message.schema),
    message.result &&
      exampleOf(`A result of \`${message.type}\``, names.exampleResult, names.result, message.result.schema),
  ].filter((example) => example !== undefined);
}

function exampleOf(what: string, name: string, typeName: string, schema: Schema): Example | undefined {
  const [first] = schema.examples ?? [];
  if (first === undefined) return undefined;
  const signature = printList(`export function ${name}(`, [`overrides?: DeepPartial<${typeName}>`], `): ${typeName} {`);
  return { what, signature, typeName, literal: printLiteral(first, `  const base: ${typeName} = `.length, 2) };
}
