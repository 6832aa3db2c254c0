import { readFileSync } from "node:fs";
import Handlebars from "handlebars";

/** How every template is compiled, here and by `.ci/precompile.ts`. */
export const compileOptions = { strict: true, noEscape: true, knownHelpersOnly: true } as const;

/** The templates that others include. */
export const partials: readonly string[] = ["header", "data-header", "types", "subscribe"];

const handlebars = Handlebars.create();
const compiled = new Map<string, Handlebars.TemplateDelegate>();
for (const name of partials) handlebars.registerPartial(name, textOf(name));

/**
 * A template of `templates/`. Each is read and compiled at first use. The built package has them compiled, and has no
 * compiler, in place of this module.
 */
export function templateOf(name: string): Handlebars.TemplateDelegate {
  let template = compiled.get(name);
  if (template === undefined) {
    template = handlebars.compile(textOf(name), compileOptions);
    compiled.set(name, template);
  }
  return template;
}

function textOf(name: string): string {
  return readFileSync(new URL(`../templates/${name}.hbs`, import.meta.url), "utf8");
}
