import { readFileSync } from "node:fs";
import Handlebars from "handlebars";
import type { CatalogueFileView } from "./view/catalogue-file.js";
import type { ChecksFileView } from "./view/checks-file.js";
import type { ExampleFileView } from "./view/example-file.js";
import type { HandlersFileView } from "./view/handlers-file.js";
import type { IndexFileView } from "./view/index-file.js";
import type { MessageFileView } from "./view/message-file.js";
import type { SchemaFileView } from "./view/schema-file.js";
import type { SharedFileView } from "./view/shared-file.js";

/** The view of each template. Templates use only `each` and `if`; views make all decisions. */
export interface Views {
  event: MessageFileView;
  command: MessageFileView;
  notification: MessageFileView;
  health: MessageFileView;
  "shared-file": SharedFileView;
  "schema-file": SchemaFileView;
  "example-file": ExampleFileView;
  "checks-file": ChecksFileView;
  catalogue: CatalogueFileView;
  handlers: HandlersFileView;
  index: IndexFileView;
}

const partials = ["header", "data-header", "types", "subscribe"];

/** Renders views with the templates in `templates/`. Each template is read and compiled at first use. */
export class Renderer {
  readonly #handlebars = Handlebars.create();
  readonly #compiled = new Map<string, Handlebars.TemplateDelegate>();

  constructor() {
    for (const name of partials) this.#handlebars.registerPartial(name, readTemplate(name));
  }

  render<Name extends keyof Views>(name: Name, view: Views[Name]): string {
    let template = this.#compiled.get(name);
    if (template === undefined) {
      template = this.#handlebars.compile(readTemplate(name), { strict: true, noEscape: true, knownHelpersOnly: true });
      this.#compiled.set(name, template);
    }
    return template(view);
  }
}

function readTemplate(name: string): string {
  return readFileSync(new URL(`../templates/${name}.hbs`, import.meta.url), "utf8");
}
