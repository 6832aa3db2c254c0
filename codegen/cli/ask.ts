import { createInterface } from "node:readline/promises";

/** A question with the answer that an empty line stands for. */
export interface Question {
  readonly question: string;
  readonly answer: string;
}

/** There is nobody to ask, or the person has left. Nothing was changed. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly code = "NO_ANSWER";
}

/** Asks on the terminal. @throws {NoAnswerError} without a terminal, and at Ctrl-C or Ctrl-D */
export async function ask(questions: readonly Question[]): Promise<readonly string[]> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new NoAnswerError("there is no terminal to ask on; give --yes, and flags for what should differ");
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const left = new AbortController();
  terminal.once("close", () => left.abort());
  terminal.once("SIGINT", () => left.abort());
  const answers: string[] = [];
  try {
    for (const { question, answer } of questions) {
      const given = await terminal.question(`${question} [${answer}]: `, { signal: left.signal });
      answers.push(given.trim() === "" ? answer : given.trim());
    }
    return answers;
  } catch (error) {
    if (!left.signal.aborted) throw error;
    throw new NoAnswerError("ended before all was answered; nothing was written");
  } finally {
    terminal.close();
  }
}
