// print/ makes the text of every generated file; it may import typescript/, model/, load/, schema/ and the runtime's
// contract.

import { during } from "../load/failure.js";
import type { Definition } from "../model/definition.js";
import { fileOf, localDefinitions, type Message, type Model, type SharedFile } from "../model/model.js";
import { TypePrinter } from "../typescript/type-printer.js";
import type { Layout } from "./layout.js";
import { Renderer } from "./render.js";
import { catalogueFileView } from "./view/catalogue-file.js";
import { checksFileView } from "./view/checks-file.js";
import { exampleFiles, exampleFileView } from "./view/example-file.js";
import { handlersFileView } from "./view/handlers-file.js";
import { indexFileView } from "./view/index-file.js";
import { declaredByMessage, messageFileView } from "./view/message-file.js";
import { definitionsAtRunTime, schemaFileView } from "./view/schema-file.js";
import { declaredByFile, sharedFileView } from "./view/shared-file.js";

/** Prints every generated file. The keys are paths relative to the output folder. */
export async function printFiles(model: Model, layout: Layout): Promise<ReadonlyMap<string, string>> {
  const renderer = new Renderer();
  const declared = [
    ...model.sharedFiles.flatMap((shared) => declaredByFile(shared, model)),
    ...model.messages.flatMap((message) => declaredByMessage(message, model)),
  ];
  const types = await TypePrinter.of(declared.map(({ schema }) => schema));
  const files = new Map<string, string>();
  const atRunTime = groupByFile(definitionsAtRunTime(model));
  const modules: string[] = [];

  for (const shared of model.sharedFiles)
    during("printing", shared.definitions[0]?.source.shownPath ?? shared.path, () => printShared(shared));
  for (const message of model.messages) {
    during("printing", message.definition.source.shownPath, () => printMessage(message));
  }

  const examples = exampleFiles(model.messages);
  for (const [file, messages] of examples) {
    files.set(file, renderer.render("example-file", exampleFileView(file, messages, layout)));
  }

  files.set("catalogue", renderer.render("catalogue", catalogueFileView(model, layout)));
  files.set("handlers", renderer.render("handlers", handlersFileView(model, layout)));
  const source = `${layout.schemasName}/`;
  const all = ["catalogue", "handlers", ...modules];
  // The catalogue's versions know the messages; the runtime's are for use without a catalogue.
  const preferred = { catalogue: "createMessaging, type Messaging" };
  files.set("index", renderer.render("index", indexFileView(source, layout.runtimeFrom("index"), all, preferred)));
  files.set(
    "testing",
    renderer.render("index", indexFileView(source, layout.testingFrom("testing"), [...examples.keys()])),
  );
  return new Map([...files].map(([file, text]) => [`${file}.ts`, text]));

  function printShared(shared: SharedFile): void {
    files.set(shared.path, renderer.render("shared-file", sharedFileView(shared, model, layout, types)));
    modules.push(shared.path);
    const needed = atRunTime.get(shared.path);
    if (needed === undefined) return;
    files.set(
      `schemas/${shared.path}`,
      renderer.render("schema-file", schemaFileView(shared.path, needed, undefined, model, layout)),
    );
  }

  function printMessage(message: Message): void {
    const file = fileOf(message.definition);
    const needed = new Set(atRunTime.get(file));
    const locals = localDefinitions(message, model).filter((local) => needed.has(local));
    files.set(file, renderer.render(message.kind.kind, messageFileView(message, model, layout, types)));
    files.set(`schemas/${file}`, renderer.render("schema-file", schemaFileView(file, locals, message, model, layout)));
    if (layout.isStandalone)
      files.set(`checks/${file}`, renderer.render("checks-file", checksFileView(message, model, layout)));
    modules.push(file);
  }
}

function groupByFile(definitions: Iterable<Definition>): ReadonlyMap<string, readonly Definition[]> {
  const byFile = new Map<string, Definition[]>();
  for (const definition of definitions) {
    const file = fileOf(definition);
    const group = byFile.get(file);
    if (group === undefined) byFile.set(file, [definition]);
    else group.push(definition);
  }
  return byFile;
}
