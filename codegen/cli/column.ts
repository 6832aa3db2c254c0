import type { WriteStream } from "node:tty";

/** A terminal with fewer columns shows no sentence. */
const NARROWEST = 20;
/** Characters that take two columns of a terminal: those of East Asia, and most emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NONE = /\p{Mn}|\p{Me}|\u200d|\ufe0f/u;

/** The columns of a stream; `undefined` if it is no terminal, or one that does not tell. */
export function widthOf({ isTTY, columns }: Pick<WriteStream, "isTTY" | "columns">): number | undefined {
  return isTTY === true && columns >= NARROWEST ? columns : undefined;
}

/** So many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  // Most are plain.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** A text in lines of at most so many columns, broken between words; the lines after the first are indented by two. */
export function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  const words = text.trimStart().split(" ");
  let line = text.slice(0, text.length - text.trimStart().length);
  for (const word of words) {
    const longer = line.trim() === "" ? `${line}${word}` : `${line} ${word}`;
    if (line.trim() === "" || columnsOf(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = `  ${word}`;
    }
  }
  return [...lines, line].join("\n");
}
