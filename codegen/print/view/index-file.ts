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
    const all = `export * from "./${file}.js";`;
    return name === undefined ? [all] : [all, `export { ${name} } from "./${file}.js";`];
  });
  return { source, exports: [`export * from "${runtime}";`, ...exports] };
}
