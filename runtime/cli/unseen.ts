import { printable } from "../contract/printable.js";
import type { Unseen } from "../operations/ask-each.js";
import { paint } from "./colour.js";
import { exit } from "./exit.js";

/**
 * Tells of which streams nothing is known, because a master of a cluster is away: what is printed beside is of the others alone.
 *
 * @returns the exit code of a command that has done the rest
 */
export function tellUnseen(unseen: readonly Unseen[]): number {
  for (const { name, why } of unseen) {
    const text = printable(`nothing is known of ${name} at present: ${why}`);
    process.stderr.write(`${paint("red", "error:", process.stderr)} ${text}\n`);
  }
  return unseen.length === 0 ? exit.fine : exit.undone;
}
