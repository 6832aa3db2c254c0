import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/**
 * A case of the generator: a document with a catalogue and the generated files that matter, each a heading with the
 * file's path and a block with its text. `UPDATE_CASES=1` writes the generated ones anew, for review as a diff.
 */
export interface Case {
  readonly name: string;
  readonly schemas: ReadonlyMap<string, string>;
  readonly expected: ReadonlyMap<string, string>;
}

const folder = new URL("./cases/", import.meta.url);
const SECTION = /^## `(schemas|generated)\/([^`]+)`\n\n```(json|ts)\n([\s\S]*?)^```$/gm;

/** Every case, by name. */
export function readCases(): readonly Case[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const sections = [...readFileSync(new URL(file, folder), "utf8").matchAll(SECTION)];
      const of = (root: string): Map<string, string> =>
        new Map(
          sections.filter((section) => section[1] === root).map((section) => [section[2] ?? "", section[4] ?? ""]),
        );
      return { name: file.replace(/\.md$/, ""), schemas: of("schemas"), expected: of("generated") };
    });
}

/** Writes what is generated now into a case's document. */
export function updateCase({ name }: Case, generated: ReadonlyMap<string, string>): void {
  const file = new URL(`${name}.md`, folder);
  const text = readFileSync(file, "utf8").replaceAll(SECTION, (section, root: string, path: string) =>
    root === "schemas" ? section : `## \`generated/${path}\`\n\n\`\`\`ts\n${generated.get(path) ?? ""}\`\`\``,
  );
  writeFileSync(file, text);
}
