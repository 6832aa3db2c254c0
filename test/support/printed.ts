import { vi } from "vitest";

/** What is written to the standard output meanwhile, to a terminal of so many columns without colours if any are given. */
export async function printedOf(work: () => Promise<unknown>, columns?: number): Promise<string> {
  const printed: string[] = [];
  const { isTTY, columns: before } = process.stdout;
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text: string | Uint8Array, done?: unknown) => {
    printed.push(String(text));
    if (typeof done === "function") done();
    return true;
  });
  if (columns !== undefined) {
    vi.stubEnv("NO_COLOR", "1");
    Object.assign(process.stdout, { isTTY: true, columns });
  }
  try {
    await work();
  } finally {
    vi.unstubAllEnvs();
    Object.assign(process.stdout, { isTTY, columns: before });
    stdout.mockRestore();
  }
  return printed.join("");
}

/** The lines that do not fit, but for commands, and for the rows of a table that stand one below the other. */
export function tooLong(text: string, columns: number): readonly string[] {
  return text.split("\n").filter((line) => line.length > columns && !line.startsWith("  → ") && !/^\S+: /.test(line));
}
