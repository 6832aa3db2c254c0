import { posix } from "node:path";
import { printImports, specifier } from "../../typescript/import.js";
import type { Layout } from "../layout.js";
import type { Entry, Example } from "./entry.js";

/** The view of a file of examples. */
export interface ExampleFileView {
  readonly source: string;
  readonly imports: readonly string[];
  readonly examples: readonly Example[];
}

/** Groups messages by file of examples, without extension. An entity's events share a file: `examples/events/user`. */
export function exampleFiles(messages: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const files = new Map<string, Entry[]>();
  for (const message of messages) {
    const file = `examples/${entityOf(message)}`;
    const together = files.get(file);
    if (together === undefined) files.set(file, [message]);
    else together.push(message);
  }
  return files;
}

/** Builds the view of a file of examples. It has a factory for each message with an example. */
export function exampleFileView(file: string, messages: readonly Entry[], layout: Layout): ExampleFileView {
  const entity = file.slice("examples/".length);
  const isWhole = messages.every((message) => message.file === entity);
  return {
    source: `${layout.schemasName}/${entity}${isWhole ? "" : ".*"}.json`,
    imports: printImports([
      { from: layout.testingFrom(file), values: ["example"], types: ["DeepPartial"] },
      ...messages.map(({ file: from, examples }) => ({
        from: specifier(file, from),
        types: examples.map(({ typeName }) => typeName),
      })),
    ]),
    examples: messages.flatMap(({ examples }) => examples),
  };
}

/** `events/user` for `events/user.created`, `commands/create_user` for itself. */
function entityOf({ file }: Entry): string {
  return posix.join(posix.dirname(file), posix.basename(file).replace(/\..*/, ""));
}
