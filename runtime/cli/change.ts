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

/** Where somebody may be asked. */
interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks the operator whether to go on. Whoever answers anything but yes, and whoever ends the question by Ctrl-C or Ctrl-D, is
 * told that nothing was done.
 *
 * @param question - what would be done, as a question: `redrive 12 letters of events?`
 * @throws {CommandError} nobody can be asked, as in a job, and `--yes` is not given
 */
export async function isConfirmed(
  question: string,
  { yes }: ChangeArguments,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (yes === true) return true;
  if (terminal.input.isTTY !== true) {
    throw new CommandError(`nothing was done: nobody can be asked "${question}" here, so give --yes`);
  }
  const isYes = /^\s*y(es)?\s*$/i.test(await answerTo(`${printable(question)} [y/N] `, terminal));
  if (!isYes) terminal.output.write("nothing was done\n");
  return isYes;
}

/** What is typed; nothing where the question is ended, or the terminal is gone. */
async function answerTo(question: string, terminal: Terminal): Promise<string> {
  const dialogue = createInterface({ ...terminal, terminal: true });
  const ended = new Promise<string>((resolve) => {
    const end = (): void => {
      // The next line is not to begin behind the question.
      terminal.output.write("\n");
      resolve("");
    };
    dialogue.once("SIGINT", end).once("close", end);
  });
  try {
    return await Promise.race([dialogue.question(question), ended]);
  } finally {
    dialogue.removeAllListeners("close");
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
