import { type Command, InvalidArgumentError } from "commander";
import type { Finding } from "../operations/doctor/finding.js";
import { paint } from "./colour.js";
import { conclude, exit, operatorCommand } from "./exit.js";

interface DoctorArguments {
  readonly timeout: number;
}

const WIDTH = 22;

/** `merp doctor` */
export const doctorCommand: Command = operatorCommand(
  "doctor",
  "check the Redis that the environment names: send a message of every kind, and list the streams",
)
  .option("--timeout <seconds>", "how long one check may wait for its message", seconds, 10)
  .action(({ timeout }: DoctorArguments) =>
    conclude(async () => ((await examineInstallation(timeout)) ? exit.fine : exit.wrong)),
  );

/** Prints each finding as soon as it is there. Resolves to whether all checks passed. */
async function examineInstallation(timeoutSeconds: number): Promise<boolean> {
  // Imported here because it brings the Redis client, which the other commands do not need.
  const { examine } = await import("../operations/doctor/doctor.js");
  const counts = { good: 0, notable: 0, bad: 0 };
  for await (const finding of examine({ timeoutSeconds })) {
    counts[finding.verdict]++;
    print(finding);
  }
  const { good, notable, bad } = counts;
  const remarks = notable === 0 ? "" : `, ${notable} warning${notable === 1 ? "" : "s"}`;
  if (bad === 0) process.stdout.write(`\n${paint("green", "healthy")} ${good} checks passed${remarks}\n`);
  else {
    const verdict = paint("red", "unhealthy", process.stderr);
    process.stderr.write(`\n${verdict} ${bad} of ${good + notable + bad} checks failed${remarks}\n`);
  }
  return bad === 0;
}

function print({ check, verdict, text, lines = [] }: Finding): void {
  const mark = { good: paint("green", "✓"), notable: paint("yellow", "!"), bad: paint("red", "✗") }[verdict];
  process.stdout.write(`${mark} ${check.padEnd(WIDTH)} ${text}\n`);
  for (const line of lines) process.stdout.write(`${" ".repeat(WIDTH + 3)}${paint("dim", line)}\n`);
}

function seconds(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 3600) return number;
  throw new InvalidArgumentError("It must be a number of seconds, above 0 and up to 3600.");
}
