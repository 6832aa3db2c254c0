/** One thing that is wrong with a catalogue, and where. */
export interface Problem {
  /** The file as its owner knows it: `schemas/events/user.created.json`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** JSON pointer of the place in the file; empty for the file as a whole. */
  readonly pointer: string;
  readonly sentence: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** `schemas/events/a.json:3:5 /properties/id: … (did you mean …?)` */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}${problem.pointer === "" ? "" : ` ${problem.pointer}`}`;
  const hint = problem.suggestion === undefined ? "" : ` (did you mean ${problem.suggestion}?)`;
  return `${place}: ${problem.sentence}${hint}`;
}

/** By file, then line, then column: the order in which one reads and repairs. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column || (a.sentence < b.sentence ? -1 : 1);
}

/** A catalogue from which nothing can be generated; names every problem of every file. Nothing was written. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
  readonly code = "CATALOGUE_INVALID";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    // Many messages share an envelope, and each of them meets its problems.
    const distinct = new Map(problems.map((problem) => [formatProblem(problem), problem]));
    const sorted = [...distinct.values()].sort(compareProblems);
    const count = sorted.length === 1 ? "1 problem" : `${sorted.length} problems`;
    super(`The catalogue has ${count}:\n${sorted.map(formatProblem).join("\n")}`);
    this.problems = sorted;
  }
}
