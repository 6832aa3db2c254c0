import { printable } from "../index.js";
import { columnsOf } from "./column.js";

/** A place in a line, with what it is cut to. */
export interface Excerpted {
  /** Counted from 1, as in a problem. */
  readonly column: number;
  /** So many columns the line may take. */
  readonly width: number;
}

/** The line of a place, and the marks below what is there. */
export interface Excerpt {
  readonly line: string;
  /** Of spaces and `^`. */
  readonly marks: string;
}

/** No terminal is wider: more of a line of a minified file is not looked at. */
const LONGEST = 1000;
const CUT = "…";

/**
 * The line of a place, escaped for a terminal, and marks below it. A long line is cut around the place. `undefined` if the line
 * has no such column.
 */
export function excerptOf(text: string, { column, width }: Excerpted): Excerpt | undefined {
  const whole = text.replace(/\r$/, "");
  if (column > whole.length + 1) return undefined;
  const token = tokenAt(whole, column - 1);
  const [from, at, behind] = [column - 1 - LONGEST, column - 1, column - 1 + token.length];
  const piece = (start: number): string =>
    printable(whole.slice(Math.max(0, start), behind + LONGEST).replaceAll("\t", "  "));
  // Escaped as a whole, since parts may hold half of what has to be escaped.
  const shown = [...piece(from)];
  const start = Math.max(0, shown.length - [...piece(at)].length);
  const end = Math.max(start, shown.length - [...piece(behind)].length);
  const parts = { before: shown.slice(0, start), marked: shown.slice(start, end), after: shown.slice(end) };
  return cutAround(parts, { width, isCutBefore: from > 0 });
}

/** How much there is at a place: a text, a name, a number, or one character. */
function tokenAt(line: string, at: number): string {
  const [token = " "] = /^(?:"(?:[^"\\]|\\.)*"?|[\w.+-]+|[\s\S])/u.exec(line.slice(at, at + LONGEST)) ?? [];
  return token;
}

interface Parts {
  readonly before: readonly string[];
  readonly marked: readonly string[];
  readonly after: readonly string[];
}

function cutAround(
  { before, marked, after }: Parts,
  { width, isCutBefore }: { readonly width: number; readonly isCutBefore: boolean },
): Excerpt {
  const columns = columnsOf([...before, ...marked, ...after].join(""));
  let [head, rest] = [before.join(""), [...marked, ...after]];
  if (columns > width || isCutBefore) {
    // What is marked comes first, then what follows; of what is before as much as there is room for, up to a third.
    const indented = head.trimStart();
    const room = Math.max(Math.floor(width / 3), width - columnsOf(rest.join("")));
    const isIndentEnough = !isCutBefore && columnsOf(indented) <= room;
    head = isIndentEnough ? indented : `${CUT}${last([...indented], room - 1)}`;
    if (columnsOf(head) + columnsOf(rest.join("")) > width) rest = [...first(rest, width - columnsOf(head) - 1), CUT];
  }
  const shown = rest.slice(0, marked.length).join("");
  const marks = "^".repeat(Math.max(1, columnsOf(shown)));
  return { line: head + rest.join(""), marks: `${" ".repeat(columnsOf(head))}${marks}` };
}

function first(characters: readonly string[], width: number): readonly string[] {
  let taken = 0;
  let columns = 0;
  while (taken < characters.length && columns + columnsOf(characters[taken] ?? "") <= width) {
    columns += columnsOf(characters[taken] ?? "");
    taken++;
  }
  return characters.slice(0, taken);
}

function last(characters: readonly string[], width: number): string {
  return first(characters.toReversed(), width).toReversed().join("");
}
