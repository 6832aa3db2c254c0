import { readFileSync } from "node:fs";
import type pc from "picocolors";
import { formatPlace, printable } from "../index.js";
import { columnsOf, wrapped } from "./column.js";
import { count } from "./count.js";
import { excerptOf } from "./excerpt.js";
import type { Reported } from "./reported.js";

/** How problems are printed as text. */
export interface TextStyle {
  readonly colours: ReturnType<typeof pc.createColors>;
  /** The columns of the terminal; `undefined` if it is none. Then only excerpts are cut. */
  readonly width: number | undefined;
  /** Every place, not only the first of each cause. */
  readonly all: boolean;
}

/** So many places are printed without being asked for. */
const SHOWN = 20;
/** An excerpt for what is no terminal is so wide. */
const WIDTH = 100;

/** Problems as text, or, if they are many, the first places of the most frequent causes with how many there are. */
export function describeProblems(problems: readonly Reported[], style: TextStyle): string {
  const files = new Map<string, readonly string[]>();
  const linesOf = (file: string): readonly string[] => {
    const lines = files.get(file) ?? readLines(file);
    files.set(file, lines);
    return lines;
  };
  const describe = (problem: Reported): string =>
    describeProblem(problem, linesOf(problem.file)[problem.line - 1], style);
  const parts = isShort(problems, style) ? problems.map(describe) : describeCauses(causesOf(problems), describe, style);
  return parts.map((part) => `${part}\n`).join("");
}

/** Returns whether every place is printed. */
export function isShort(problems: readonly Reported[], { all }: Pick<TextStyle, "all">): boolean {
  return all || problems.length <= SHOWN;
}

/**
 * A problem with the line of its file:
 *
 * ```
 * error[unknown-type]: "strin" is not a type of JSON Schema
 *   --> schemas/types/a.json:2:11 /type
 * 2 |   "type": "strin"
 *   |           ^^^^^^^
 *   = did you mean "string"?
 * ```
 */
export function describeProblem(problem: Reported, text: string | undefined, { colours, width }: TextStyle): string {
  const { line, column, rule, sentence, suggestion, level = "error" } = problem;
  const [colour, word] = level === "error" ? [colours.red, "error"] : [colours.yellow, "warning"];
  const fold = (said: string): string => (width === undefined ? said : wrapped(said, width));
  const [title = "", ...more] = fold(`${word}[${rule}]: ${printable(sentence)}`).split("\n");
  const heading = title.slice(word.length + rule.length + 2);
  const gutter = `${line}`.length;
  const margin = " ".repeat(gutter);
  const bar = colours.dim("|");
  const excerpt = text === undefined ? undefined : excerptOf(text, { column, width: roomFor(width, gutter) });
  const hint = suggestion === undefined ? [] : fold(`${margin} = did you mean ${printable(suggestion)}?`).split("\n");
  return [
    `${colour(`${word}[${rule}]`)}${heading}`,
    ...more,
    `${margin}${colours.dim("-->")} ${placed(problem, gutter, width)}`,
    ...(excerpt === undefined
      ? []
      : [`${colours.dim(`${line}`)} ${bar} ${excerpt.line}`, `${margin} ${bar} ${colour(excerpt.marks)}`]),
    ...hint,
    "",
  ].join("\n");
}

/** The place, in two lines if one is too short. */
function placed(problem: Reported, gutter: number, width: number | undefined): string {
  const whole = formatPlace(problem);
  if (width === undefined || gutter + 4 + columnsOf(whole) <= width) return whole;
  const file = formatPlace({ ...problem, pointer: "" });
  return problem.pointer === "" ? file : `${file}\n${" ".repeat(gutter + 4)}${printable(problem.pointer)}`;
}

/** An excerpt too narrow says nothing. */
function roomFor(width: number | undefined, gutter: number): number {
  return Math.max(16, (width ?? WIDTH) - gutter - 3);
}

/** None if there is no such file: a problem may name a folder, or a file of another version. */
function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

function describeCauses(
  causes: readonly (readonly Reported[])[],
  describe: (problem: Reported) => string,
  { colours }: TextStyle,
): readonly string[] {
  const share = Math.max(1, Math.floor(SHOWN / causes.length));
  const parts = causes.slice(0, SHOWN).flatMap((places) => {
    const shown = places.slice(0, share);
    const rest = places.length - shown.length;
    const more = `  and ${count(rest, "more place")} like this (${places[0]?.rule})`;
    return [...shown.map(describe), ...(rest === 0 ? [] : [`${colours.dim(more)}\n`])];
  });
  const rest = causes.slice(SHOWN);
  const more = `  and ${count(rest.length, "more cause")} in ${count(rest.flat().length, "place")}`;
  return [...parts, ...(rest.length === 0 ? [] : [`${colours.dim(more)}\n`])];
}

/** Problems by what is wrong, whatever the names are; the most frequent first, errors before warnings. */
function causesOf(problems: readonly Reported[]): readonly (readonly Reported[])[] {
  const causes = new Map<string, Reported[]>();
  for (const problem of problems) {
    const what = problem.sentence.replace(/"[^"]*"|`[^`]*`|\S*[./]\S+|\d+/g, "…");
    const cause = `${problem.level ?? "error"} ${what}`;
    const known = causes.get(cause);
    if (known === undefined) causes.set(cause, [problem]);
    else known.push(problem);
  }
  const isWarning = ([first]: readonly Reported[]): number => (first?.level === "warn" ? 1 : 0);
  return [...causes.values()].sort((a, b) => isWarning(a) - isWarning(b) || b.length - a.length);
}
