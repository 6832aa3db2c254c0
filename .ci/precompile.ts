import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import Handlebars from "handlebars";
import { compile } from "../codegen/index.js";
import { readTexts } from "../codegen/load/folder.js";
import { sourcesOf } from "../codegen/load/load.js";
import { compileOptions, partials } from "../codegen/print/template.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}codegen/templates/`;

/**
 * Does once, when the generator is built, what takes longer than to generate a message: to load Handlebars' compiler and
 * to compile the templates, and to load json-schema-to-typescript and to print the shapes that nearly every catalogue has.
 */
export const precompile: Plugin = {
  name: "precompile",
  setup({ onLoad }) {
    onLoad({ filter: /codegen[\\/]print[\\/]template\.ts$/ }, () => ({
      contents: moduleOf(templates()),
      loader: "js",
    }));
    onLoad({ filter: /codegen[\\/]typescript[\\/]known-shapes\.ts$/ }, async () => ({
      contents: await shapes(),
      loader: "js",
    }));
  },
};

/** Those of M-ERP's own catalogue. */
async function shapes(): Promise<string> {
  const schemas = `${root}schemas`;
  const { known } = await compile(sourcesOf(readTexts(schemas), schemas), schemas);
  return `export const knownShapes = new Map(${JSON.stringify([...known.shapes], null, 2)});\n`;
}

function templates(): readonly (readonly [name: string, code: string])[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".hbs"));
  return files.map((file) => {
    const code = String(Handlebars.precompile(readFileSync(`${folder}${file}`, "utf8"), compileOptions));
    return [file.replace(/\.hbs$/, ""), code];
  });
}

function moduleOf(compiled: readonly (readonly [name: string, code: string])[]): string {
  const entries = compiled.map(([name, code]) => `  ${JSON.stringify(name)}: handlebars.template(${code}),\n`);
  return `import Handlebars from "handlebars/runtime.js";

const handlebars = Handlebars.create();
const templates = {
${entries.join("")}};
for (const name of ${JSON.stringify(partials)}) handlebars.registerPartial(name, templates[name]);

export function templateOf(name) {
  return templates[name];
}
`;
}
