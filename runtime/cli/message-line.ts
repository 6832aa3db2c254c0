import { cut, printable, printableJson } from "../contract/printable.js";
import type { ShownMessage } from "../operations/messages/message-reader.js";
import { paint } from "./colour.js";

/** A column of the line of a message: how wide it is on a terminal, and from how many columns of the terminal on it is there. */
interface Column {
  readonly from: number;
  readonly width: number;
  readonly text: (message: ShownMessage) => string | undefined;
}

const ID_WIDTH = 15;
const TIME: Column = { from: 0, width: 8, text: ({ at }) => at.slice(11, 19) };
const OTHERS: readonly Column[] = [
  { from: 60, width: 14, text: ({ entity }) => entity },
  { from: 84, width: 20, text: ({ source }) => source },
  { from: 96, width: 9, text: ({ company }) => company && `company ${company}` },
  { from: 110, width: 8, text: ({ correlationId }) => correlationId?.slice(0, 8) },
];
/** Beyond, what is not used is left free. */
const WIDEST_TYPE = 40;

/**
 * A message in one line: when (UTC), its type, what it is about, who published it, its company, the beginning of its correlation
 * id, and its entry's id, which is never cut. A narrow terminal shows less.
 *
 * @param width - the columns of the terminal; Infinity where nobody looks: then nothing is cut
 */
export function messageLine(message: ShownMessage, width: number): string {
  const { id, at, kind } = message;
  const type = message.type ?? (kind === "health" ? "health" : "(no type)");
  const marks = message.problem === undefined ? "" : " !";
  if (width === Number.POSITIVE_INFINITY) {
    const others = OTHERS.map(({ text }) => text(message) ?? "-");
    return [at, type, ...others, id].map((text) => printable(text.replaceAll(" ", "_"))).join(" ") + marks;
  }
  const others = OTHERS.filter(({ from }) => width >= from);
  const taken = TIME.width + 1 + others.reduce((sum, each) => sum + each.width + 1, 0) + 1 + ID_WIDTH + 2;
  const room = Math.min(WIDEST_TYPE, Math.max(8, width - taken));
  const cells = others.map((column) => fitted(column.text(message) ?? "", column.width));
  const name = fitted(type, room);
  return (
    [
      paint("dim", TIME.text(message) ?? ""),
      message.problem === undefined ? paint("bold", name) : paint("yellow", name),
      ...cells,
      paint("dim", id),
    ].join(" ") + marks
  );
}

function fitted(text: string, width: number): string {
  const shown = printable(text);
  return (shown.length > width ? cut(shown, width - 1) : shown).padEnd(width);
}

/** What `--full` shows below the line: the message as JSON, or why there is none. */
export function messageBody({ message, fields, sizes, problem, masked }: ShownMessage): string {
  const lines: string[] = [];
  if (problem !== undefined) lines.push(`it ${problem}`);
  const shown = message ?? (fields === undefined ? sizes : pairsOf(fields));
  if (message === undefined && fields === undefined) lines.push("its fields, with the bytes of each:");
  lines.push(...JSON.stringify(shown, null, 2).split("\n"));
  if (masked.length > 0) lines.push(`masked: ${masked.join(", ")}`);
  return lines.map((line) => `  ${printable(line)}\n`).join("");
}

function pairsOf(fields: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: Math.ceil(fields.length / 2) }, (_, at) => [
    fields[2 * at] as string,
    fields[2 * at + 1] ?? "",
  ]);
}

/** A message as one line of JSON, without what is not there. docs/messages.md describes it. */
export function jsonLine({ isLive: _, ...message }: ShownMessage & { readonly isLive?: boolean }): string {
  const { masked, ...rest } = message;
  return `${printableJson(masked.length === 0 ? rest : message)}\n`;
}
