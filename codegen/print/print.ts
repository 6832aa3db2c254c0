// print/ makes the text of every generated file; it may import typescript/, model/, load/, schema/ and the runtime's
// contract.

import type { CatalogueConfig } from "../load/config.js";
import { during } from "../load/failure.js";
import type { Source } from "../load/source.js";
import { fileOf, localDefinitions, type Message, type Model, type SharedFile } from "../model/model.js";
import { type PrintedShapes, TypePrinter } from "../typescript/type-printer.js";
import type { Layout } from "./layout.js";
import type { render } from "./render.js";
import { catalogueFileView } from "./view/catalogue-file.js";
import type { checksFileView } from "./view/checks-file.js";
import type { Entry } from "./view/entry.js";
import { exampleFiles, exampleFileView } from "./view/example-file.js";
import { handlersFileView } from "./view/handlers-file.js";
import { indexFileView } from "./view/index-file.js";
import { declaredByMessage, messageFileView } from "./view/message-file.js";
import { schemaFileView } from "./view/schema-file.js";
import { declaredByFile, sharedFileView } from "./view/shared-file.js";
import { testMessagingFileView } from "./view/test-messaging-file.js";

/** The names of definitions, by generated file without extension. */
export type NamesByFile = ReadonlyMap<string, ReadonlySet<string>>;

/** Texts by path, relative to the output folder. */
export type Files = ReadonlyMap<string, string>;

type Printed = Generator<readonly [file: string, text: string]>;

const none: ReadonlySet<string> = new Set();

/** What is printed of schema files. */
export interface Parts {
  /** The files that are generated from one schema file each, by that file's path. */
  readonly files: ReadonlyMap<string, Files>;
  readonly shapes: PrintedShapes;
}

/** What parts of a catalogue to print, and what is known. */
export interface PartOptions {
  /** The definitions that the messages of the whole catalogue need at run time. */
  readonly needed: NamesByFile;
  /** The paths of the schema files to print. @defaultValue all of them */
  readonly only?: ReadonlySet<string>;
  /** Shapes that were printed before. */
  readonly shapes?: PrintedShapes;
}

/** Prints the files that are generated from one schema file each. */
export async function printParts(model: Model, layout: Layout, options: PartOptions): Promise<Parts> {
  const { needed, only, shapes } = options;
  const isPrinted = (source: Source | undefined): boolean =>
    source !== undefined && (only === undefined || only.has(source.path));
  const sharedFiles = model.sharedFiles.filter((shared) => isPrinted(sourceOf(shared)));
  const messages = model.messages.filter(({ definition }) => isPrinted(definition.source));
  const files = new Map<string, Files>();
  if (sharedFiles.length + messages.length === 0) return { files, shapes: new Map() };
  const declared = [
    ...sharedFiles.flatMap((shared) => declaredByFile(shared, model)),
    ...messages.flatMap((message) => declaredByMessage(message, model)),
  ];
  const types = await TypePrinter.of(
    declared.map(({ schema }) => schema),
    shapes,
  );
  const checks = layout.isStandalone ? await loadChecks() : undefined;
  const printer = new PartPrinter(await loadRender(), { model, layout, types, needed, checks });
  const print = (source: Source, step: () => Printed): void => {
    during("printing", source.shownPath, () => {
      files.set(source.path, new Map([...step()].map(([file, text]) => [`${file}.ts`, text])));
    });
  };
  for (const shared of sharedFiles) print(sourceOf(shared) as Source, () => printer.shared(shared));
  for (const message of messages) print(message.definition.source, () => printer.message(message));
  return { files, shapes: types.printed };
}

/** Imported here because a run that prints nothing needs no templates. */
async function loadRender(): Promise<typeof render> {
  const { render } = await import("./render.js");
  return render;
}

/** Imported here because it brings Ajv, which a catalogue without checks does not need. */
async function loadChecks(): Promise<typeof checksFileView> {
  const { checksFileView } = await import("./view/checks-file.js");
  return checksFileView;
}

function sourceOf({ definitions }: SharedFile): Source | undefined {
  return definitions[0]?.source;
}

interface Circumstances {
  readonly model: Model;
  readonly layout: Layout;
  readonly types: TypePrinter;
  readonly needed: NamesByFile;
  /** The view of a message's checks, if they are written. */
  readonly checks: typeof checksFileView | undefined;
}

class PartPrinter {
  readonly #render: typeof render;
  readonly #circumstances: Circumstances;

  constructor(print: typeof render, circumstances: Circumstances) {
    this.#render = print;
    this.#circumstances = circumstances;
  }

  *shared(shared: SharedFile): Printed {
    const { model, layout, types, needed } = this.#circumstances;
    yield [shared.path, this.#render("shared-file", sharedFileView(shared, model, layout, types))];
    const names = needed.get(shared.path) ?? none;
    const definitions = shared.definitions.filter(({ name }) => names.has(name));
    if (definitions.length === 0) return;
    const view = schemaFileView(shared.path, definitions, undefined, model, layout);
    yield [`schemas/${shared.path}`, this.#render("schema-file", view)];
  }

  *message(message: Message): Printed {
    const { model, layout, types, needed, checks } = this.#circumstances;
    const file = fileOf(message.definition);
    const names = needed.get(file) ?? none;
    const locals = localDefinitions(message, model).filter(({ name }) => names.has(name));
    yield [file, this.#render(message.kind.kind, messageFileView(message, model, layout, types))];
    const view = schemaFileView(file, locals, message, model, layout);
    yield [`schemas/${file}`, this.#render("schema-file", view)];
    if (checks !== undefined) yield [`checks/${file}`, this.#render("checks-file", checks(message, model, layout))];
  }
}

/**
 * Prints the files about all messages.
 *
 * @param modules the generated files, without extension, that the index exports
 */
export async function printWhole(
  messages: readonly Entry[],
  modules: readonly string[],
  config: CatalogueConfig,
  layout: Layout,
): Promise<Files> {
  const print = await loadRender();
  const files = new Map<string, string>();
  const examples = exampleFiles(messages);
  for (const [file, together] of examples) {
    files.set(file, print("example-file", exampleFileView(file, together, layout)));
  }
  files.set("catalogue", print("catalogue", catalogueFileView(messages, config, layout)));
  files.set("handlers", print("handlers", handlersFileView(messages, layout)));
  const source = `${layout.schemasName}/`;
  const all = ["catalogue", "handlers", ...modules];
  // The catalogue's versions know the messages; the runtime's are for use without a catalogue.
  const preferred = { catalogue: "createMessaging, type Messaging" };
  files.set("index", print("index", indexFileView(source, layout.runtimeFrom("index"), all, preferred)));
  files.set("test-messaging", print("test-messaging", testMessagingFileView(layout)));
  const tested = ["test-messaging", ...examples.keys()];
  const typed = { "test-messaging": "type TestMessaging" };
  files.set("testing", print("index", indexFileView(source, layout.testingFrom("testing"), tested, typed)));
  return new Map([...files].map(([file, text]) => [`${file}.ts`, text]));
}
