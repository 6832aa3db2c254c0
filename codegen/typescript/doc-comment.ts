import type { Schema } from "../schema/schema.js";
import { commentText } from "./escape.js";
import { LINE_WIDTH } from "./literal.js";

/**
 * Prints a doc comment, wrapped to the line width; empty for an empty text. A blank line starts a paragraph. Lines
 * after `@example` are code and are not wrapped.
 */
export function docComment(text: string, indent = 0): string {
  const margin = " ".repeat(indent);
  const safe = commentText(text).trim();
  if (safe === "") return "";
  const oneLine = `${margin}/** ${safe} */`;
  if (oneLine.length <= LINE_WIDTH && !safe.includes("\n")) return `${oneLine}\n`;
  const lines = wrap(safe, LINE_WIDTH - indent - " * ".length);
  const body = lines.map((line) => `${margin} *${line === "" ? "" : ` ${line}`}\n`).join("");
  return `${margin}/**\n${body}${margin} */\n`;
}

/** The text of a schema's doc comment. */
export function docOf(schema: Schema): string {
  const { description } = schema;
  const masked = schema.sensitive === true ? "Sensitive: masked in logs and on screens." : undefined;
  const sensitive = schema.encrypt === undefined ? masked : "Encrypted on the wire; masked in logs and on screens.";
  return [
    [description, sensitive].filter((sentence) => sentence !== undefined).join(" "),
    schema.default === undefined ? undefined : `@defaultValue ${JSON.stringify(schema.default)}`,
    deprecationOf(schema),
  ]
    .filter((line) => line !== undefined && line !== "")
    .join("\n");
}

/** The tag of what is deprecated, with what replaces it and the day of its sunset. */
export function deprecationOf({ deprecated, replacedBy, sunset }: Schema): string | undefined {
  if (deprecated !== true) return undefined;
  const use = replacedBy === undefined ? [] : [`Use \`${replacedBy}\` instead.`];
  const end = sunset === undefined ? [] : [`Its sunset is ${sunset}.`];
  return ["@deprecated", ...use, ...end].join(" ");
}

function wrap(text: string, width: number): readonly string[] {
  let isCode = false;
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("@")) isCode = line.startsWith("@example");
    return isCode ? [line.trimEnd()] : wrapLine(line.trimEnd(), width);
  });
}

/** Wraps a line. Continuation lines of a list item are indented to its text. */
function wrapLine(line: string, width: number): readonly string[] {
  const margin = /^\s*(?:[-*] |\d+\. )?/.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = margin;
  for (const word of line.slice(margin.length).split(" ")) {
    const isFirst = current.length === margin.length && current.trim() === margin.trim();
    if (!isFirst && current.length + 1 + word.length > width) {
      lines.push(current);
      current = " ".repeat(margin.length) + word;
    } else current += isFirst ? word : ` ${word}`;
  }
  return [...lines, current];
}
