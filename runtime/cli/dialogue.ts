import { createInterface } from "node:readline/promises";
import { printable } from "../contract/printable.js";
import { CommandError } from "./exit.js";

/**
 * Asks whoever sits at the terminal.
 *
 * @param work - calls `ask` with a question, and gets the line that is typed
 * @throws {CommandError} they ended it, by Ctrl-C or Ctrl-D
 */
export async function inDialogue<Result>(
  work: (ask: (question: string) => Promise<string>) => Promise<Result>,
): Promise<Result> {
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<never>((_, reject) => {
    const end = (): void => reject(new CommandError("nothing was done: the dialogue was ended"));
    dialogue.once("SIGINT", end).once("close", end);
  });
  try {
    return await Promise.race([work((question) => dialogue.question(printable(question))), ended]);
  } finally {
    dialogue.close();
  }
}
