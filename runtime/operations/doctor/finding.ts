import { printable } from "../../contract/printable.js";

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

/** A finding as it may be printed: names of groups and keys, and what Redis replies, can be any text. */
export function shownFinding({ check, verdict, text, lines }: Finding): Finding {
  const shown = { check: printable(check), verdict, text: printable(text) };
  return lines === undefined ? shown : { ...shown, lines: lines.map(printable) };
}
