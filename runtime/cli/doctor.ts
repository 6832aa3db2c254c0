import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import type { Finding } from "../../runtime/operations/doctor/finding.js";
import { count } from "./report.js";

const MARKS = { good: pc.green("✓"), notable: pc.yellow("!"), bad: pc.red("✗") } as const;
const WIDTH = 22;

/** `merp doctor` */
export const doctorCommand: Command = new Command("doctor")
  .description("check the Redis that the environment names: send a message of every kind, and list the streams")
  .option("--timeout <seconds>", "how long one check may wait for its message", parseSeconds, 10)
  .action(async ({ timeout }: { readonly timeout: number }) => {
    if (!(await examineInstallation(timeout))) process.exitCode = 1;
  });

/** Prints each finding as soon as it is there. Resolves to whether all checks passed. */
async function examineInstallation(timeoutSeconds: number): Promise<boolean> {
  // Imported here because it brings the Redis client, which the other commands do not need.
  const { examine } = await import("../../runtime/operations/doctor/doctor.js");
  const counts = { good: 0, notable: 0, bad: 0 };
  for await (const finding of examine({ timeoutSeconds })) {
    counts[finding.verdict]++;
    print(finding);
  }
  const remarks = counts.notable === 0 ? "" : `, ${count(counts.notable, "warning")}`;
  if (counts.bad === 0) process.stdout.write(`\n${pc.green("healthy")} ${counts.good} checks passed${remarks}\n`);
  else process.stderr.write(`\n${pc.red("unhealthy")} ${counts.bad} of ${total(counts)} checks failed${remarks}\n`);
  return counts.bad === 0;
}

function print({ check, verdict, text, lines = [] }: Finding): void {
  process.stdout.write(`${MARKS[verdict]} ${check.padEnd(WIDTH)} ${text}\n`);
  for (const line of lines) process.stdout.write(`${" ".repeat(WIDTH + 3)}${pc.dim(line)}\n`);
}

function total({ good, notable, bad }: Readonly<Record<Finding["verdict"], number>>): number {
  return good + notable + bad;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds, above 0 and up to 3600.");
}
