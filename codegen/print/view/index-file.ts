import { stringLiteral } from "../../typescript/escape.js";
import { compareNames } from "../../typescript/import.js";

/** The view of `index.ts` and of `testing.ts`. */
export interface IndexFileView {
  readonly source: string;
  readonly exports: readonly string[];
}

/**
 * Builds the view of an index of generated files (without extension) and of the runtime.
 *
 * @param preferred names by file that take precedence over the runtime's exports of the same name
 */
export function indexFileView(
  source: string,
  runtime: string,
  files: readonly string[],
  preferred: Readonly<Record<string, string>> = {},
): IndexFileView {
  const exports = [...files].sort(compareNames).flatMap((file) => {
    const name = preferred[file];
    const from = stringLiteral(`./${file}.js`);
    const all = `export * from ${from};`;
    return name === undefined ? [all] : [all, `export { ${name} } from ${from};`];
  });
  return { source, exports: [`export * from ${stringLiteral(runtime)};`, ...exports] };
}
