import { hostname, userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { cut, printable } from "../contract/printable.js";
import type { Change } from "../operations/audit/audit-trail.js";
import { CommandError } from "./exit.js";

/** What every command that changes something takes. */
export interface ChangeArguments {
  readonly yes?: true;
  readonly why?: string;
  readonly who?: string;
}

const LONGEST = 500;

/** Adds the options of a command that changes something. */
export function changing(command: Command): Command {
  return command
    .option("-y, --yes", "do not ask")
    .option("--why <text>", "the reason, for the record (merp:audit)")
    .option("--who <name>", "who does it, for the record", whoAmI());
}

/** The change as it is recorded. */
export function changeOf(
  { why, who = whoAmI() }: ChangeArguments,
  what: Pick<Change, "action" | "target" | "details">,
): Change {
  return { ...what, who: cut(who, LONGEST), why: why === undefined ? undefined : cut(why, LONGEST) };
}

/**
 * Asks the operator whether to go on.
 *
 * @param question - what would be done, as a question: `redrive 12 letters of events?`
 * @throws {CommandError} nobody can be asked, as in a job, and `--yes` is not given
 */
export async function isConfirmed(question: string, { yes }: ChangeArguments): Promise<boolean> {
  if (yes === true) return true;
  if (process.stdin.isTTY !== true) {
    throw new CommandError(`nothing was done: nobody can be asked "${question}" here, so give --yes`);
  }
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await dialogue.question(`${printable(question)} [y/N] `);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    dialogue.close();
  }
}

function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container's user may have no name.
    return hostname();
  }
}
