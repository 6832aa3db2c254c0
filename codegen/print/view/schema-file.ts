import type { Definition } from "../../model/definition.js";
import { fileOf, type Message, type Model } from "../../model/model.js";
import { annotations } from "../../schema/keyword.js";
import type { Schema } from "../../schema/schema.js";
import { mapChildren } from "../../schema/walk.js";
import { docComment } from "../../typescript/doc-comment.js";
import { printImports, specifier } from "../../typescript/import.js";
import { printList, printLiteral, printProperties } from "../../typescript/literal.js";
import type { Layout } from "../layout.js";

/** The view of a file of schema constants. */
export interface SchemaFileView {
  readonly source: string;
  readonly imports: readonly string[];
  readonly constants: readonly SchemaConstant[];
}

interface SchemaConstant {
  readonly doc: string;
  readonly name: string;
  readonly literal: string;
}

/** The definitions that a message needs at run time. */
export function neededBy({ schema, result }: Message, { flattener }: Model): ReadonlySet<Definition> {
  const roots = result === undefined ? [schema] : [schema, result.schema];
  return new Set(roots.flatMap((root) => flattener.closure(root)));
}

/** Builds the view of a file's definitions and, if it is a message, of its whole schema. */
export function schemaFileView(
  file: string,
  definitions: readonly Definition[],
  message: Message | undefined,
  model: Model,
  layout: Layout,
): SchemaFileView {
  const used = new Map<string, Set<string>>();
  const withDefinitions = (schema: Schema): string => {
    const needed = model.flattener.closure(schema);
    for (const definition of needed) {
      if (fileOf(definition) === file) continue;
      const from = specifier(file, fileOf(definition));
      used.set(from, (used.get(from) ?? new Set()).add(definition.name));
    }
    const names = needed.map(({ name }) => name);
    const definitions = names.length === 0 ? [] : [printList("  $defs: {", names, "}", 2)];
    return `{\n${[...printProperties(compact(schema), 2), ...definitions].map((keyword) => `${keyword},\n`).join("")}}`;
  };
  const constants: SchemaConstant[] = definitions.map((definition) => ({
    doc: "",
    name: definition.name,
    literal: printLiteral(
      compact(model.flattener.definition(definition)),
      `export const ${definition.name}: JsonSchema = `.length,
    ),
  }));
  if (message !== undefined) {
    const doc = docComment(`The schema of \`${message.type}\` for the runtime, flat and without descriptions.`);
    constants.push({ doc, name: "schema", literal: withDefinitions(message.schema) });
  }
  if (message?.result !== undefined) {
    const doc = docComment(`The schema of the result of \`${message.type}\`.`);
    constants.push({ doc, name: "result", literal: withDefinitions(message.result.schema) });
  }
  return {
    source: `${layout.schemasName}/${file}.json`,
    imports: printImports([
      { from: layout.runtimeFrom(`schemas/${file}`), types: ["JsonSchema"] },
      ...[...used].map(([from, values]) => ({ from, values: [...values] })),
    ]),
    constants,
  };
}

/** The annotations that the runtime reads. */
const readAtRunTime = new Set(["sensitive", "encrypt", "subject", "tolerated", "default"]);

/** Drops the other annotations. */
export function compact(schema: Schema): Schema {
  const inner = mapChildren(schema, compact);
  const kept = Object.entries(inner).filter(([keyword]) => !annotations.has(keyword) || readAtRunTime.has(keyword));
  return Object.fromEntries(kept);
}
