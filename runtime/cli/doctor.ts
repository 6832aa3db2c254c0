import { parseArgs, styleText } from "node:util";
import type { Finding } from "../operations/doctor/finding.js";

/** What `merp --help` says of it. */
export const doctorUsage = `  merp doctor [--timeout <seconds>]
      Checks the Redis that the environment names: sends a message of every kind, and lists the streams.
      --timeout says how long one check may wait for its message (10).`;

const WIDTH = 22;

/** Runs `merp doctor` and resolves to its exit code: 1 when anything is wrong. */
export async function doctor(args: readonly string[]): Promise<number> {
  let timeoutSeconds: number;
  try {
    const options = { timeout: { type: "string", default: "10" }, help: { type: "boolean", short: "h" } } as const;
    const { values } = parseArgs({ args: [...args], options });
    if (values.help === true) {
      process.stdout.write(`Usage:\n${doctorUsage}\n`);
      return 0;
    }
    timeoutSeconds = parseSeconds(values.timeout);
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    return 1;
  }
  return (await examineInstallation(timeoutSeconds)) ? 0 : 1;
}

/** Prints each finding as soon as it is there. Resolves to whether all checks passed. */
async function examineInstallation(timeoutSeconds: number): Promise<boolean> {
  // Imported here because it brings the Redis client, which the other commands do not need.
  const { examine } = await import("../operations/doctor/doctor.js");
  const counts = { good: 0, notable: 0, bad: 0 };
  for await (const finding of examine({ timeoutSeconds })) {
    counts[finding.verdict]++;
    print(finding);
  }
  const remarks = counts.notable === 0 ? "" : `, ${counts.notable} warning${counts.notable === 1 ? "" : "s"}`;
  const { good, notable, bad } = counts;
  if (bad === 0) process.stdout.write(`\n${paint("green", "healthy")} ${good} checks passed${remarks}\n`);
  else
    process.stderr.write(`\n${paint("red", "unhealthy")} ${bad} of ${good + notable + bad} checks failed${remarks}\n`);
  return bad === 0;
}

function print({ check, verdict, text, lines = [] }: Finding): void {
  const mark = { good: paint("green", "✓"), notable: paint("yellow", "!"), bad: paint("red", "✗") }[verdict];
  process.stdout.write(`${mark} ${check.padEnd(WIDTH)} ${text}\n`);
  for (const line of lines) process.stdout.write(`${" ".repeat(WIDTH + 3)}${paint("dim", line)}\n`);
}

/** Colours are for a terminal, and for whoever demands them. */
function paint(colour: "green" | "yellow" | "red" | "dim", text: string): string {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  return !NO_COLOR && (FORCE_COLOR || process.stdout.isTTY) ? styleText(colour, text) : text;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3600) return seconds;
  throw new Error(`option '--timeout <seconds>': It must be a number of seconds, above 0 and up to 3600, not ${text}.`);
}
