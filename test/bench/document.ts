import { readFileSync, writeFileSync } from "node:fs";
import { root } from "./stage.js";

/** Replaces what stands between a document's two markers; all else in it is written by people. */
export function writeBetween(path: string, marker: string, content: string): void {
  const file = `${root}${path}`;
  const text = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- ${marker}:begin -->`, `<!-- ${marker}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} must hold ${begin} and, after it, ${end}`);
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`);
}
