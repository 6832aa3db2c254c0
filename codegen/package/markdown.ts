import { printable } from "../../runtime/contract/printable.js";

/** Escapes a text of a schema for a line of Markdown: it is shown as it is, and begins no list, link or tag. */
export function markdownText(text: string): string {
  return printable(text.replace(/\s+/g, " ").trim()).replace(/[\\`*_[\]<>#|~&]/g, "\\$&");
}

/** A text as code. */
export function markdownCode(text: string): string {
  return `\`${printable(text).replaceAll("`", "'")}\``;
}
