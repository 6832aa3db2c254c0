import { printable } from "../contract/printable.js";
import { broken } from "./status/lines.js";
import { widthOf } from "./table.js";

/** Prints lines, as wide as the terminal; what does not fit is broken at spaces, so that an id stays whole. */
export function say(text: string): void {
  for (const line of text.split("\n")) process.stdout.write(`${broken(printable(line), widthOf(), 2)}\n`);
}
