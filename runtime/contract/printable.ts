/** What a terminal obeys or shows elsewhere: controls, line breaks, marks of the direction of writing, half characters. */
const HIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** How the log of a build begins a command to the build: `::warning::` in a line, `##[group]` and `##vso[` anywhere. */
const COMMAND = /^\s*:(?=:)|#(?=#\w*\[)/g;

/**
 * Escapes a text for one line of a terminal or of a log. The line cannot be made to look like two, to be obeyed or to hide a
 * part. A text that is escaped already is left as it is.
 */
export function printable(text: string): string {
  return text
    .replace(HIDDEN, unicodeEscape)
    .replace(COMMAND, (begun) => begun.slice(0, -1) + unicodeEscape(begun.slice(-1)));
}

/** JSON in one line, which means the same and holds nothing that a terminal obeys. */
export function printableJson(value: object): string {
  return printable(JSON.stringify(value));
}

/** The beginning of a text, with `…` for the rest. It ends with no half of a character. */
export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest).toWellFormed()}…` : text;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
