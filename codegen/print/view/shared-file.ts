import type { Model, SharedFile } from "../../model/model.js";
import { printImports } from "../../typescript/import.js";
import type { TypePrinter } from "../../typescript/type-printer.js";
import type { Layout } from "../layout.js";
import { type Declaration, declare, type NamedSchema } from "./declaration.js";
import { erasedTypes } from "./erasable.js";
import { typeImports } from "./message-file.js";

/** The view of a file of shared types. */
export interface SharedFileView {
  readonly source: string;
  readonly imports: readonly string[];
  readonly declarations: readonly Declaration[];
}

/** The types of a schema file without a message. */
export function declaredByFile(file: SharedFile, model: Model): readonly NamedSchema[] {
  return file.definitions.map((definition) => ({
    name: definition.name,
    schema: model.flattener.definition(definition),
  }));
}

/** Builds the view of a file of shared types. */
export function sharedFileView(file: SharedFile, model: Model, layout: Layout, types: TypePrinter): SharedFileView {
  const declared = declaredByFile(file, model);
  const own = new Set(declared.map(({ name }) => name));
  const used = new Set(declared.flatMap(({ schema }) => [...types.namesIn(schema)]).filter((name) => !own.has(name)));
  return {
    source: `${layout.schemasName}/${file.path}.json`,
    imports: printImports([
      { from: layout.runtimeFrom(file.path), types: erasedTypes(declared) },
      ...typeImports(file.path, used, model.byName),
    ]),
    declarations: declared.map((named) => declare(named, types)),
  };
}
