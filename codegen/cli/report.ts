import { Option } from "commander";
import pc from "picocolors";
import { CatalogueError, formatProblem, GeneratorError, OutputTakenError, type Problem, printable } from "../index.js";

/** How problems are printed. */
export interface ReportArguments {
  readonly all?: true;
  readonly format: "text" | "json";
  /** The exit code when there are problems. @defaultValue 1 */
  readonly exitCode?: number;
}

/** The options of a command that reports problems. */
export const reportOptions: readonly [Option, Option] = [
  new Option("--all", "print every problem, not only the first of each cause"),
  new Option("--format <format>", "how problems are printed").choices(["text", "json"]).default("text"),
];

/** The option of a command that generates. */
export const cacheOption: Option = new Option("--no-cache", "do everything anew, whatever the last run has left");

/** So many problems are printed without being asked for. */
const SHOWN = 20;

/** Runs a command and prints problems of the user's files without a stack. Any other error is a bug and is rethrown. */
export async function reportProblems(
  { all, format, exitCode = 1 }: ReportArguments,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
    if (format === "json") printJson([]);
  } catch (error) {
    if (error instanceof CatalogueError) {
      if (format === "json") printJson(error.problems);
      else printText(error.problems, all === true);
    } else if (error instanceof OutputTakenError)
      process.stderr.write(`${pc.red("refused")} ${printable(error.message)}\n`);
    else if (error instanceof GeneratorError) process.stderr.write(`${pc.red("failed")} ${printable(error.message)}\n`);
    else if (isOfSystem(error)) process.stderr.write(`${pc.red("failed")} ${printable(error.message)}\n`);
    else throw error;
    process.exitCode = exitCode;
  }
}

/** A file or folder may not be written or read, the disk is full, and the like: the text of the system names it. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "path" in error;
}

function printJson(problems: readonly Problem[]): void {
  process.stdout.write(`${JSON.stringify({ problems }, null, 2)}\n`);
}

/** Prints all problems, or, if they are many, the first places of the most frequent causes with how many there are. */
function printText(problems: readonly Problem[], all: boolean): void {
  const isShort = all || problems.length <= SHOWN;
  const lines = isShort ? problems.map(formatProblem) : describeCauses(causesOf(problems));
  process.stderr.write(lines.map((line) => `${line}\n`).join(""));
  const hint = isShort ? "" : "; --all prints every place";
  process.stderr.write(`${pc.red("invalid")} ${count(problems.length, "problem")}; nothing was written${hint}\n`);
}

function describeCauses(causes: readonly (readonly Problem[])[]): readonly string[] {
  const share = Math.max(1, Math.floor(SHOWN / causes.length));
  const lines = causes.slice(0, SHOWN).flatMap((places) => {
    const shown = places.slice(0, share);
    const rest = places.length - shown.length;
    const more = `  and ${count(rest, "more place")} like this (${places[0]?.rule})`;
    return [...shown.map(formatProblem), ...(rest === 0 ? [] : [pc.dim(more)])];
  });
  const rest = causes.slice(SHOWN);
  const more = `  and ${count(rest.length, "more cause")} in ${count(rest.flat().length, "place")}`;
  return [...lines, ...(rest.length === 0 ? [] : [pc.dim(more)])];
}

/** Problems by what is wrong, whatever the names are; the most frequent first. */
function causesOf(problems: readonly Problem[]): readonly (readonly Problem[])[] {
  const causes = new Map<string, Problem[]>();
  for (const problem of problems) {
    const cause = problem.sentence.replace(/"[^"]*"|`[^`]*`|\S*[./]\S+|\d+/g, "…");
    const known = causes.get(cause);
    if (known === undefined) causes.set(cause, [problem]);
    else known.push(problem);
  }
  return [...causes.values()].sort((a, b) => b.length - a.length);
}

/** `1 file`, `2 files` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
