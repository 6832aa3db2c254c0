import type { Command } from "commander";
import { vi } from "vitest";
import type { Outcome } from "../scratch.js";

/** They are there on a terminal, and where CI is set. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");

/** Runs a command of the command line in this process, which takes a hundredth of the time of a program. */
export async function runCommand(command: Command, ...parameters: readonly string[]): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await command.parseAsync(parameters, { from: "user" });
    const plain = (text: string): string => text.replace(COLOURS, "");
    return { code: Number(process.exitCode), stdout: plain(written.stdout), stderr: plain(written.stderr) };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = before;
  }
}
