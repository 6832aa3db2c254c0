/** A message in a tree of causes. */
export interface Cause {
  readonly title: string;
  /** What became of it. */
  readonly outcomes: readonly string[];
  /** What its handlers published. */
  readonly caused: readonly Cause[];
}

/** Messages as a tree, in lines: below each what became of it, and further to the right what it caused. */
export function linesOf(causes: readonly Cause[], indent = ""): readonly string[] {
  return causes.flatMap(({ title, outcomes, caused }) => [
    `${indent}${title}`,
    ...outcomes.map((outcome) => `${indent}  ${outcome}`),
    ...linesOf(caused, `${indent}    `),
  ]);
}
