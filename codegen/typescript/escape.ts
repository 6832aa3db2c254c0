/**
 * Characters that an editor or a terminal does not show as themselves: controls, line separators, marks that change the
 * direction of writing, and halves of surrogate pairs.
 */
const HIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Texts of plain characters, which are most of them, and need no escape in a literal or in a comment. */
const PLAIN_IN_LITERAL = /^[ !#-[\]-~]*$/;
const PLAIN_IN_COMMENT = /^[ -)+-?A-~]*$/;

/** Prints a text as a string literal of TypeScript. */
export function stringLiteral(text: string): string {
  if (PLAIN_IN_LITERAL.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(HIDDEN, unicodeEscape);
}

/**
 * Escapes a text for a block comment. It can neither end the comment nor be a directive to the compiler. Line breaks are
 * kept.
 */
export function commentText(text: string): string {
  if (PLAIN_IN_COMMENT.test(text)) return text;
  return text
    .replace(/\r\n?/g, "\n")
    .replaceAll("*/", "*\\/")
    .replace(/@(?=ts-)/gi, "\\@")
    .replace(HIDDEN, (character) => (character === "\n" || character === "\t" ? character : unicodeEscape(character)));
}

/** Escapes a text for a comment that ends with its line. */
export function lineCommentText(text: string): string {
  return text.replace(HIDDEN, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
