import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Digest, digestOf } from "./digest.js";

/** Two folders up from here, in the sources and in the built package alike. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packages that have a say in what is accepted and what is written. */
const packages = ["ajv", "handlebars", "json-schema-to-typescript"];

/** What the generator itself is made of, and the entries of the runtime whose names it reads. */
export function fingerprint(): Digest {
  const code = ["codegen", "runtime/contract"].flatMap((folder) => filesIn(folder, /(?<!\.d)\.(?:[jt]s|hbs)$/));
  const entries = ["runtime", "runtime/testing"].flatMap((folder) => filesIn(folder, /^(?:index|errors)\..*ts$/));
  const texts = [...code, ...entries].sort().flatMap((path) => [path, readFileSync(join(root, path), "utf8")]);
  return digestOf(process.version, ...packages.map(versionOf), ...texts);
}

function filesIn(folder: string, names: RegExp): readonly string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const files = readdirSync(path, { recursive: true, encoding: "utf8" });
  return files.filter((file) => names.test(file)).map((file) => join(folder, file));
}

/** Read without the package's leave: not every one exports its `package.json`. */
function versionOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const file = folders.map((folder) => join(folder, name, "package.json")).find((path) => existsSync(path));
  return file === undefined ? "" : String((JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }).version);
}
