import { printable } from "../contract/printable.js";

/** The columns of a terminal; wide where nobody looks, as in a file. */
export function widthOf(stream: Pick<NodeJS.WriteStream, "isTTY" | "columns"> = process.stdout): number {
  return stream.isTTY === true ? Math.max(40, stream.columns ?? 80) : Number.POSITIVE_INFINITY;
}

const LEAST_OF_A_TEXT = 16;

/**
 * Lays out rows as a table, two spaces between its columns. Numbers stand to the right. The first column gives way where the
 * terminal is too narrow, with `…`; where even that is too little, each row becomes a block of lines.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  width: number = widthOf(),
): string {
  return laidOut(head, rows, { width, least: LEAST_OF_A_TEXT });
}

/** The same for a first column of names that are typed into the next command: rather than being cut, each row becomes a block. */
export function tableOfNames(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  width: number = widthOf(),
): string {
  return laidOut(head, rows, { width, least: Number.POSITIVE_INFINITY });
}

/** @param least - so many characters of the first column have to be seen */
function laidOut(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { width, least }: { readonly width: number; readonly least: number },
): string {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths = head.map((name, at) => Math.max(name.length, ...texts.map((row) => row[at]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, each) => sum + each + 2, 0);
  const room = width - others;
  if (room < Math.min(widths[0] ?? 0, least)) return texts.map((row) => block(head, row)).join("\n");
  widths[0] = Math.min(widths[0] ?? 0, room);
  const line = (cells: readonly string[], sample: readonly unknown[]): string =>
    cells
      .map((cell, at) => padded(cell, widths[at] ?? 0, typeof sample[at] === "number"))
      .join("  ")
      .trimEnd();
  const sample = rows[0] ?? [];
  return [line(head, sample), ...texts.map((row, at) => line(row, rows[at] ?? []))].map((each) => `${each}\n`).join("");
}

function padded(text: string, width: number, isNumber: boolean): string {
  const shown = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return isNumber ? shown.padStart(width) : shown.padEnd(width);
}

function block(head: readonly string[], row: readonly string[]): string {
  return head.map((name, at) => `${name}: ${row[at] ?? ""}\n`).join("");
}
