import { Option } from "commander";
import {
  BundleRefusedError,
  CatalogueError,
  GeneratorError,
  OutputTakenError,
  PackageRefusedError,
  printable,
} from "../index.js";
import { formatAnnotation } from "./annotation.js";
import { coloursFor } from "./colour.js";
import { widthOf } from "./column.js";
import { count } from "./count.js";
import { describeProblems, isShort } from "./problem-text.js";
import type { Reported } from "./reported.js";
import { sarifOf } from "./sarif.js";

/** How problems are printed. */
export interface ReportArguments {
  readonly all?: true;
  readonly format: "text" | "json" | "github" | "sarif";
  /** The exit code when there are problems. @defaultValue 1 */
  readonly exitCode?: number;
}

/** The options of a command that reports problems. */
export const reportOptions: readonly [Option, Option] = [
  new Option("--all", "print every problem, not only the first of each cause"),
  new Option("--format <format>", "how problems are printed")
    .choices(["text", "json", "github", "sarif"])
    .default("text"),
];

/** The option of a command that generates. */
export const cacheOption: Option = new Option("--no-cache", "do everything anew, whatever the last run has left");

/** Runs a command and prints problems of the user's files without a stack. Any other error is a bug and is rethrown. */
export async function reportProblems(report: ReportArguments, run: () => Promise<void>): Promise<void> {
  const { format, exitCode = 1 } = report;
  const pc = coloursFor(process.stderr);
  try {
    await run();
  } catch (error) {
    if (error instanceof CatalogueError) {
      printReport(error.problems, report);
      if (format === "text" || format === "github") printVerdict(error.problems, report, "nothing was written");
    } else if (isRefusal(error)) process.stderr.write(`${pc.red("refused")} ${printable(error.message)}\n`);
    else if (error instanceof GeneratorError) process.stderr.write(`${pc.red("failed")} ${printable(error.message)}\n`);
    else if (isOfSystem(error)) process.stderr.write(`${pc.red("failed")} ${printable(error.message)}\n`);
    else throw error;
    process.exitCode = exitCode;
  }
}

/** The user asked for what cannot be. Nothing was written. */
function isRefusal(error: unknown): error is Error {
  return [OutputTakenError, PackageRefusedError, BundleRefusedError].some((refusal) => error instanceof refusal);
}

/** A file or folder may not be written or read, the disk is full, and the like: the text of the system names it. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "path" in error;
}

/**
 * Prints problems in the format that was asked for: as text where errors go, else where output goes.
 * @param noted what else is printed as JSON
 */
export function printReport(problems: readonly Reported[], { all, format }: ReportArguments, noted: object = {}): void {
  if (format === "text") {
    const colours = coloursFor(process.stderr);
    const width = widthOf(process.stderr);
    process.stderr.write(describeProblems(problems, { colours, width, all: all === true }));
  } else if (format === "github") process.stdout.write(problems.map((problem) => `${annotate(problem)}\n`).join(""));
  else
    process.stdout.write(
      `${JSON.stringify(format === "sarif" ? sarifOf(problems) : { ...jsonOf(problems), ...noted }, null, 2)}\n`,
    );
}

/** Says how many problems there are. */
export function printVerdict(problems: readonly Reported[], { all, format }: ReportArguments, what: string): void {
  const hint = format === "github" || isShort(problems, { all: all === true }) ? "" : "; --all prints every place";
  const pc = coloursFor(process.stderr);
  process.stderr.write(`${pc.red("invalid")} ${count(problems.length, "problem")}; ${what}${hint}\n`);
}

/** What fails is apart from what only warns, so that a program need not know the levels. */
function jsonOf(problems: readonly Reported[]): object {
  const shown = problems.map(({ file, line, column, pointer, rule, sentence, suggestion, level }) => ({
    level,
    problem: { file, line, column, pointer, rule, sentence, ...(suggestion !== undefined && { suggestion }) },
  }));
  const [warnings, failures] = [true, false].map((isWarning) =>
    shown.filter(({ level }) => (level === "warn") === isWarning).map(({ problem }) => problem),
  );
  return { problems: failures, warnings };
}

function annotate(problem: Reported): string {
  const { rule, level, sentence, suggestion } = problem;
  const hint = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
  return formatAnnotation({
    level: level === "warn" ? "warning" : "error",
    place: problem,
    title: rule,
    lines: [`${sentence}${hint}`],
  });
}
