import type { Draft } from "../draft.js";
import type { Raw } from "../raw.js";
import type { ChangeName } from "../rule.js";

/** What a rule knows of the place that it is applied at. */
export interface Step {
  readonly draft: Draft;
  /** Whether a schema around it, about the same value, has a type. */
  readonly isTyped: boolean;
  /**
   * Whether it lies below a `not` or an `if`. What is made looser or tighter there has another effect on the values that
   * are valid in the end, so it is left as it is, and the check refuses what a catalogue may not have.
   */
  readonly isTest: boolean;
  /** Reports a change at a keyword of the schema. */
  readonly note: (rule: ChangeName, keyword: string, detail?: string) => void;
}

/** Rewrites one schema and leaves those inside it alone. Without a need it returns the schema itself. */
export type Rewrite = (schema: Raw, step: Step) => Raw;
