import { posix } from "node:path";
import { fileOf, type Message } from "../../model/model.js";
import { namesOf } from "../../model/names.js";
import type { Schema } from "../../schema/schema.js";
import { printImports, specifier } from "../../typescript/import.js";
import { printList, printLiteral } from "../../typescript/literal.js";
import type { Layout } from "../layout.js";

/** The view of a file of examples. */
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

/** Groups messages by file of examples, without extension. An entity's events share a file: `examples/events/user`. */
export function exampleFiles(messages: readonly Message[]): ReadonlyMap<string, readonly Message[]> {
  const files = new Map<string, Message[]>();
  for (const message of messages) {
    const file = `examples/${entityOf(message)}`;
    const together = files.get(file);
    if (together === undefined) files.set(file, [message]);
    else together.push(message);
  }
  return files;
}

/** Builds the view of a file of examples. It has a factory for each message with an example. */
export function exampleFileView(file: string, messages: readonly Message[], layout: Layout): ExampleFileView {
  const made = messages.map((message) => ({ from: fileOf(message.definition), examples: examplesOf(message) }));
  const entity = file.slice("examples/".length);
  const isWhole = messages.every(({ definition }) => fileOf(definition) === entity);
  return {
    source: `${layout.schemasName}/${entity}${isWhole ? "" : ".*"}.json`,
    imports: printImports([
      { from: layout.testingFrom(file), values: ["example"], types: ["DeepPartial"] },
      ...made.map(({ from, examples }) => ({
        from: specifier(file, from),
        types: examples.map(({ typeName }) => typeName),
      })),
    ]),
    examples: made.flatMap(({ examples }) => examples),
  };
}

/** `events/user` for `events/user.created`, `commands/create_user` for itself. */
function entityOf({ definition }: Message): string {
  return posix.join(posix.dirname(definition.source.path), definition.source.stem.replace(/\..*/, ""));
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
