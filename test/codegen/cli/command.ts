import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import { vi } from "vitest";
import type { Outcome } from "../scratch.js";

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
    // There are colours on a terminal and where CI is set.
    const stdout = stripVTControlCharacters(written.stdout);
    return { code: Number(process.exitCode), stdout, stderr: stripVTControlCharacters(written.stderr) };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = before;
  }
}
