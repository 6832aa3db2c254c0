/** The result of one check. */
export interface Finding {
  /** The subject of the check: `Redis`, `clock`, `stream events`. */
  readonly check: string;
  /** `notable`: it works, but an operator should know about it. */
  readonly verdict: "good" | "notable" | "bad";
  readonly text: string;
  /** Details, one a line. */
  readonly lines?: readonly string[];
}

/** The finding of a check that threw. */
export function failed(check: string, thrown: unknown): Finding {
  return { check, verdict: "bad", text: thrown instanceof Error ? thrown.message : String(thrown) };
}
