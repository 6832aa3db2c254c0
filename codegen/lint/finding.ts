import type { Place } from "../load/problem.js";
import type { LintRule } from "../schema/lint-rule.js";
import type { Path } from "../schema/pointer.js";
import type { Site } from "./site.js";

/** A safe edit of a schema file that answers a finding. No value becomes valid by it, and none invalid. */
export type Edit =
  | { readonly does: "add"; readonly path: Path; readonly keyword: string; readonly value: unknown }
  | { readonly does: "remove"; readonly path: Path };

/** A place that breaks a rule, as the rule found it. */
export interface Found {
  /** The schema that an exception would stand in or around. */
  readonly site: Site;
  /** The keys from the schema to the place; by default the schema itself. */
  readonly way?: Path;
  readonly at?: "key";
  readonly sentence: string;
  readonly suggestion?: string | undefined;
  readonly edit?: Edit;
}

/** A place that breaks a rule of the lint. */
export interface LintFinding extends Place {
  readonly rule: LintRule;
  readonly level: "warn" | "error";
  readonly sentence: string;
  /** The probable intention, as shown after "did you mean". */
  readonly suggestion?: string;
  /** What `--fix` does about it. */
  readonly edit?: Edit;
}

/** A finding with its place in the file. */
export function located(found: Found & { readonly rule: LintRule }, level: "warn" | "error"): LintFinding {
  const { site, way = [], at, rule, sentence, suggestion, edit } = found;
  return {
    ...site.source.place([...site.path, ...way], at),
    rule,
    level,
    sentence,
    ...(suggestion !== undefined && { suggestion }),
    ...(edit !== undefined && { edit }),
  };
}

/** Orders findings by file, then line, column and rule. */
export function compareFindings(a: LintFinding, b: LintFinding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : 1);
}
