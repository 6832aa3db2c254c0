import { printable } from "../../runtime/contract/printable.js";
import type { Rule } from "../schema/rule.js";

export { printable };

/** A place in a file. */
export interface Place {
  /** Relative to the working directory: `schemas/events/user.created.json`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** JSON pointer of the place in the file; empty for the whole file. */
  readonly pointer: string;
}

/** A problem of a catalogue, with its place. */
export interface Problem extends Place {
  /** The rule that the catalogue breaks. */
  readonly rule: Rule;
  readonly sentence: string;
  /** The probable intention, as shown after "did you mean". */
  readonly suggestion?: string;
}

/** `schemas/events/a.json:3:5 /properties/id: … (did you mean …?)` */
export function formatProblem(problem: Problem): string {
  const hint = problem.suggestion === undefined ? "" : ` (did you mean ${problem.suggestion}?)`;
  return printable(`${formatPlace(problem)}: ${problem.sentence}${hint}`);
}

/** `schemas/events/a.json:3:5 /properties/id` */
export function formatPlace({ file, line, column, pointer }: Place): string {
  return printable(`${file}:${line}:${column}${pointer === "" ? "" : ` ${pointer}`}`);
}

/** Orders problems by file, then line, then column. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column || (a.sentence < b.sentence ? -1 : 1);
}

/** The catalogue is invalid. Lists every problem of every file. Nothing was written. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
  readonly code = "CATALOGUE_INVALID";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    // A problem of an envelope is found once for each message that uses it.
    const distinct = new Map(problems.map((problem) => [formatProblem(problem), problem]));
    const sorted = [...distinct.values()].sort(compareProblems);
    const count = sorted.length === 1 ? "1 problem" : `${sorted.length} problems`;
    super(`The catalogue has ${count}:\n${sorted.map(formatProblem).join("\n")}`);
    this.problems = sorted;
  }
}
