import type { LintFinding, Place, Problem } from "../index.js";

/** A problem, or a finding of the lint. */
export interface Reported extends Place {
  readonly rule: Problem["rule"] | LintFinding["rule"];
  /** @defaultValue "error" */
  readonly level?: "warn" | "error";
  readonly sentence: string;
  readonly suggestion?: string;
}
