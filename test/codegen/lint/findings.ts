import type { LintFinding } from "../../../codegen/index.js";
import { lint } from "../../../codegen/lint/lint.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { type Files, textsOf } from "../catalogue.js";

/** What the lint finds in a catalogue. */
export function findingsOf(files: Files): readonly LintFinding[] {
  const sources = sourcesOf(textsOf(files), "schemas");
  return lint(sources, readConfig(sources.config).config);
}

/** The findings of a single file `types/thing.json`, or of another path, as `rule pointer`. */
export function findingsIn(schema: object, path = "types/thing.json", others: Files = {}): readonly string[] {
  return findingsOf({ ...others, [path]: schema })
    .filter(({ file }) => file === `schemas/${path}`)
    .map(({ rule, pointer, suggestion }) => [rule, pointer, suggestion ?? ""].join(" ").trim());
}
