import type { Command } from "commander";
import { cut, printable, printableJson } from "../contract/printable.js";
import { Operations, type RecordedChange } from "../operations/index.js";
import { paint } from "./colour.js";
import { countOption } from "./dead-letters/selection.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { sinceOption } from "./time.js";

interface AuditArguments {
  readonly since?: number;
  readonly limit: number;
  readonly json?: true;
}

/** None of ours is longer. */
const LONGEST_FACT = 1000;

/** `merp audit` */
export const auditCommand: Command = operatorCommand("audit", "list what operators changed, the newest first")
  .option("--since <time>", "those that began since: 2h, 3d, or 2026-05-01T03:00:00Z", sinceOption)
  .option("-n, --limit <number>", "how many at most", countOption, 50)
  .option("--json", "print a line of JSON for each change")
  .action((args: AuditArguments) =>
    conclude(async () => {
      const operations = new Operations();
      try {
        return await showChanges(operations.changes(sinceOf(args)), args);
      } finally {
        operations.close();
      }
    }),
  );

/** Prints changes. One that was begun and not ended is shown so. */
export async function showChanges(changes: AsyncIterable<RecordedChange>, args: AuditArguments): Promise<number> {
  let count = 0;
  for await (const change of changes) {
    if (count === args.limit) {
      if (args.json !== true) process.stdout.write("There are more: give --limit\n");
      break;
    }
    count++;
    process.stdout.write(args.json === true ? `${printableJson(change)}\n` : linesOf(change));
  }
  if (count === 0 && args.json !== true) process.stdout.write("No change is on record.\n");
  return exit.fine;
}

function linesOf({ at, action, target, who, why, details, state, outcome }: RecordedChange): string {
  const ends = {
    done: paint("green", "done"),
    failed: paint("red", "failed"),
    begun: paint("yellow", "not ended: it was cut off, or still runs"),
  };
  const lines = [
    `${at} ${action} of ${target}, by ${who}: `,
    ...(why === undefined ? [] : [`  why: ${why}`]),
    ...factsOf("with", details),
    ...factsOf("came of it", outcome),
  ].map(printable);
  return `${lines[0]}${ends[state]}\n${lines
    .slice(1)
    .map((line) => `${line}\n`)
    .join("")}`;
}

function factsOf(name: string, facts: Readonly<Record<string, unknown>>): readonly string[] {
  const told = Object.entries(facts).map(([key, value]) => {
    return `${key} ${cut(typeof value === "string" ? value : JSON.stringify(value), LONGEST_FACT)}`;
  });
  return told.length === 0 ? [] : [`  ${name}: ${told.join(", ")}`];
}

function sinceOf({ since }: AuditArguments): Date | undefined {
  return since === undefined ? undefined : new Date(since);
}
