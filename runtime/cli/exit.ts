import { Command } from "commander";
import { printable } from "../contract/printable.js";
import { MessagingError } from "../errors.js";
import { paint } from "./colour.js";

/** How a command ends. */
export const exit = {
  /** It did what it should, and all is well. */
  fine: 0,
  /** Something is wrong, or the operator did not confirm. */
  wrong: 1,
  /** It could not be done or judged: Redis cannot be reached or refuses, a setting or an argument is wrong. */
  undone: 2,
} as const;

/** Something the operator can put right: its text is all that is printed. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** A command of the operator's, without its options. What commander refuses ends with the code of what could not be done. */
export function operatorCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .showHelpAfterError("(--help tells how it is used)")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exit.fine : exit.undone));
}

/** Runs a command's action: an error that an operator can understand is one line, any other is a fault of ours. */
export async function conclude(action: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await action();
  } catch (error) {
    if (!(error instanceof MessagingError || error instanceof CommandError)) throw error;
    process.stderr.write(`${paint("red", "error:", process.stderr)} ${printable(error.message)}\n`);
    process.exitCode = exit.undone;
  }
}
