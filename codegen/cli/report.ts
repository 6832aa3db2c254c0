import pc from "picocolors";
import { CatalogueError, formatProblem, OutputTakenError } from "../index.js";

/** Runs a command and prints problems of the user's files without a stack. Any other error is a bug and is rethrown. */
export async function reportProblems(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof CatalogueError) {
      for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`);
      process.stderr.write(`${pc.red("invalid")} ${count(error.problems.length, "problem")}; nothing was written\n`);
    } else if (error instanceof OutputTakenError) process.stderr.write(`${pc.red("refused")} ${error.message}\n`);
    else throw error;
    process.exitCode = 1;
  }
}

/** `1 file`, `2 files` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
