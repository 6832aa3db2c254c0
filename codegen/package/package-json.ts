import type { KindIndex } from "./kind-index.js";
import type { Installed, Project } from "./project.js";

/** Fields of the project that are the package's, too. */
const COPIED = ["license", "author", "homepage", "repository", "bugs", "publishConfig"] as const;

export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly project: Project["facts"];
  readonly runtime: Installed;
  readonly kinds: readonly KindIndex[];
}

/** The versions of the runtime that generated code works with: those that npm takes for compatible with the present one. */
export function peersOf({ name, version }: Installed): Readonly<Record<string, string>> {
  return { [name]: `^${version}` };
}

/** The text of package.json. */
export function printPackageJson({ name, version, description, project, runtime, kinds }: PackageFacts): string {
  const entry = (file: string): object => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` });
  const copied = COPIED.filter((field) => project[field] !== undefined).map((field) => [field, project[field]]);
  const manifest = {
    name,
    version,
    description,
    ...Object.fromEntries(copied),
    type: "module",
    sideEffects: false,
    ...(runtime.node !== undefined && { engines: { node: runtime.node } }),
    files: ["dist", "schemas", "CHANGELOG.md"],
    exports: {
      ".": entry("index"),
      "./testing": entry("testing"),
      ...Object.fromEntries(kinds.map(({ entry: kind, file }) => [`./${kind}`, entry(file)])),
      "./schemas/*.json": "./schemas/*.json",
      "./package.json": "./package.json",
    },
    peerDependencies: peersOf(runtime),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
