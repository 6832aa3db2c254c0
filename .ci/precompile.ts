import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import Handlebars from "handlebars";
import { compileOptions, partials } from "../codegen/print/template.js";

const folder = fileURLToPath(new URL("../codegen/templates/", import.meta.url));

/**
 * Compiles the generator's templates when it is built. Handlebars' compiler takes longer to load, and to compile them,
 * than a message takes to be generated.
 */
export const precompile: Plugin = {
  name: "precompile templates",
  setup({ onLoad }) {
    onLoad({ filter: /codegen[\\/]print[\\/]template\.ts$/ }, () => ({
      contents: moduleOf(templates()),
      loader: "js",
    }));
  },
};

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
