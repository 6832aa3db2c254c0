import { printable } from "../contract/printable.js";
import { paint } from "./colour.js";
import { broken } from "./status/lines.js";
import { widthOf } from "./table.js";

/** What is wrong, and the command that follows its last colon. Where both do not fit in a line, the command has one of its own. */
export function adviceText(text: string, width: number = widthOf()): string {
  const shown = printable(text);
  const at = shown.lastIndexOf(": merp ");
  const mark = paint("red", "✗", process.stdout);
  if (at < 0 || shown.length + 2 <= width) return `${mark} ${broken(shown, width, 2)}\n`;
  return `${mark} ${broken(shown.slice(0, at), width, 2)}\n  → ${shown.slice(at + 2)}\n`;
}
