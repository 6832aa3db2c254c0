import pc from "picocolors";
import { examine } from "../../runtime/operations/doctor/doctor.js";
import type { Finding } from "../../runtime/operations/doctor/finding.js";

const MARKS = { good: pc.green("✓"), notable: pc.yellow("!"), bad: pc.red("✗") } as const;
const WIDTH = 22;

/** Examines the installation that the environment names, and prints what it finds as it finds it. */
export async function doctor(timeoutSeconds: number): Promise<boolean> {
  const counts = { good: 0, notable: 0, bad: 0 };
  for await (const finding of examine({ timeoutSeconds })) {
    counts[finding.verdict]++;
    print(finding);
  }
  const remarks = counts.notable === 0 ? "" : `, ${counts.notable} to know of`;
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
