import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What a service installs, and what it installs for development besides. */
export const RUNTIME = "@m-erp/messaging";
export const GENERATOR: string = `${RUNTIME}-codegen`;

/** The package that holds this program. */
export interface OwnPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
}

export function ownPackage(): OwnPackage {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as OwnPackage;
  return { folder, name, version };
}

/** The path of a meta-schema as the editor of a project finds it, where the package is installed as usual. */
export function metaSchemaPath(file: "schema" | "catalogue", { folder, name }: OwnPackage): string {
  const path = fileURLToPath(new URL(`../templates/${file}.meta.json`, import.meta.url));
  return `./node_modules/${name}/${relative(folder, path).replaceAll("\\", "/")}`;
}

/** The envelopes that a new catalogue begins with, by path in the folder of its schemas. */
export function envelopes({ folder }: OwnPackage, ...further: readonly "health"[]): ReadonlyMap<string, string> {
  const kinds = ["event", "command", "notification", ...further].map((kind) => `envelopes/${kind}.json`);
  return new Map(
    kinds.map((path) => {
      // An editor prefers a file's own `$schema` to the meta-schema that knows our keywords.
      const { $schema: _, ...schema } = JSON.parse(readFileSync(join(folder, "schemas", path), "utf8")) as {
        readonly $schema?: string;
      };
      return [path, `${JSON.stringify(schema, null, 2)}\n`];
    }),
  );
}
