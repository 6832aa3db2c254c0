import { printImports, specifier } from "../import.js";
import type { Layout } from "../layout.js";
import { printList, printLiteral } from "../literal.js";
import { fileOf, type Message } from "../model.js";
import { namesOf } from "../names.js";
import type { Schema } from "../schema.js";

/** What the template of a file of examples prints. */
export interface ExampleFileView {
  readonly source: string;
  readonly imports: readonly string[];
  readonly examples: readonly Example[];
}

interface Example {
  readonly what: string;
  readonly signature: string;
  readonly typeName: string;
  readonly literal: string;
}

/** The factories that a message's examples make. */
export function exampleFileView(message: Message, layout: Layout): ExampleFileView {
  const names = namesOf(message);
  const file = `examples/${fileOf(message.definition)}`;
  const examples = [
    exampleOf(`A whole \`${message.type}\``, names.example, names.message, message.schema),
    message.result &&
      exampleOf(`A result of \`${message.type}\``, names.exampleResult, names.result, message.result.schema),
  ].filter((example) => example !== undefined);
  return {
    source: `${layout.schemasName}/${message.definition.source.path}`,
    imports: printImports([
      { from: layout.testingFrom(file), values: ["example"], types: ["DeepPartial"] },
      { from: specifier(file, fileOf(message.definition)), types: examples.map(({ typeName }) => typeName) },
    ]),
    examples,
  };
}

function exampleOf(what: string, name: string, typeName: string, schema: Schema): Example | undefined {
  const [first] = schema.examples ?? [];
  if (first === undefined) return undefined;
  const signature = printList(`export function ${name}(`, [`overrides?: DeepPartial<${typeName}>`], `): ${typeName} {`);
  return { what, signature, typeName, literal: printLiteral(first, `  const base: ${typeName} = `.length, 2) };
}
