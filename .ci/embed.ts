import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, transformSync } from "esbuild";
import { migrations } from "../runtime/postgres/migrations.js";

const folder = fileURLToPath(new URL("../runtime/dashboard/assets/", import.meta.url));

/**
 * Puts files into the code, so that a bundle of a service has them as well: the style and the script of the dashboard, and the
 * tables of PostgreSQL.
 */
export const embed: Plugin = {
  name: "embed",
  setup({ onLoad }) {
    onLoad({ filter: /runtime[\\/]dashboard[\\/]asset\.ts$/ }, () => {
      const assets = Object.fromEntries(readdirSync(folder).map((name) => [name, minified(name)]));
      return { contents: `export const assetsOf = () => (${JSON.stringify(assets, null, 2)});\n`, loader: "js" };
    });
    onLoad({ filter: /runtime[\\/]postgres[\\/]migrations\.ts$/ }, () => ({
      contents: `export const migrations = () => (${JSON.stringify(migrations(), null, 2)});\n`,
      loader: "js",
    }));
  },
};

function minified(name: string): string {
  const text = readFileSync(`${folder}${name}`, "utf8");
  const loader = extname(name).slice(1);
  if (loader !== "css" && loader !== "js") return text;
  return transformSync(text, { loader, minify: true, target: "es2022" }).code;
}
