import { Command, Option } from "commander";
import { MessagingError } from "../../runtime/errors.js";
import type { StoredMessages } from "../../runtime/operations/stored-messages.js";
import {
  contractsOf,
  type Difference,
  diffCatalogues,
  type Finding,
  load,
  printable,
  type Sources,
  type Verdict,
} from "../index.js";
import { BaselineError, baselineOf } from "./baseline.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import { annotationOf, annotationOfStored } from "./diff-annotation.js";
import { describeMessages } from "./diff-text.js";
import { reportProblems } from "./report.js";
import { describeStored, summarizeStored } from "./stored.js";

interface DiffArguments {
  readonly against?: string;
  readonly stored?: string | true;
  readonly schemas: string;
  readonly format: "text" | "json" | "github";
  readonly wire?: true;
  readonly all?: true;
}

/** The exit code when the versions cannot be compared: one of them has problems, or cannot be found. */
const NOT_COMPARED = 2;

/** `merp diff` */
export const diffCommand: Command = new Command("diff")
  .description("tell what the edits of the schemas break, with a message that the other side really refuses")
  .option("--against <version>", "a git ref, a folder, or an installed package that ships its schemas")
  .option(
    "--stored [redis url]",
    "tell which messages that wait in a Redis the new readers would refuse; it is only read",
  )
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option("--wire", "count only what services that run would notice, not what their compiler tells")
  .option("--all", "print changes that break nothing, too")
  .addOption(
    new Option("--format <format>", "how changes are printed").choices(["text", "json", "github"]).default("text"),
  )
  // What commander refuses is not compared either.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOT_COMPARED))
  .addHelpText(
    "after",
    "\nExit codes: 0 nothing breaks, 1 something does, 2 the versions, or the stored messages, could not be read.",
  )
  .action(async (options: DiffArguments, command: Command) => {
    if (options.against === undefined && options.stored === undefined) {
      command.error(
        "error: say what to compare with: --against main, --against v1.2.0, --against ./released/schemas, or --stored",
      );
    }
    const report = { all: true, format: "text", exitCode: NOT_COMPARED } as const;
    await reportProblems(report, () => compare(options));
  });

async function compare({ against, stored, schemas, ...report }: DiffArguments): Promise<void> {
  const now = load(schemas);
  let before: Sources | undefined;
  let messages: StoredMessages | undefined;
  try {
    before = against === undefined ? undefined : baselineOf(against, schemas).sources;
    messages = stored === undefined ? undefined : await inRedis(stored, now, before);
  } catch (error) {
    if (!(error instanceof BaselineError || error instanceof MessagingError)) throw error;
    process.stderr.write(`${coloursFor(process.stderr).red("failed")} ${printable(error.message)}\n`);
    process.exitCode = NOT_COMPARED;
    return;
  }
  const difference = before === undefined ? undefined : await diffCatalogues(before, now);
  const breaking = difference?.findings.filter(({ verdict }) => isBreaking(verdict, report.wire === true)) ?? [];
  if (breaking.length > 0 || (messages?.refused ?? 0) > 0) process.exitCode = 1;
  if (report.format === "json") {
    const compared = difference && {
      against,
      messages: difference.messages,
      breaks: breaking.length,
      findings: difference.findings,
    };
    process.stdout.write(`${JSON.stringify({ ...compared, ...(messages && { stored: messages }) }, null, 2)}\n`);
    return;
  }
  if (difference !== undefined) printDifference(against as string, difference, breaking, report);
  if (messages !== undefined) printStored(messages, report);
}

async function inRedis(url: string | true, now: Sources, before: Sources | undefined): Promise<StoredMessages> {
  // Imported here because it brings Ajv and the Redis client.
  const { judgeStored } = await import("../../runtime/operations/stored-messages.js");
  const old = before === undefined ? undefined : await contractsOf(before);
  return judgeStored(await contractsOf(now), old, url === true ? {} : { redis: { url } });
}

function isBreaking(verdict: Verdict, onlyWire: boolean): boolean {
  return verdict !== "safe" && (verdict !== "breaks-source" || !onlyWire);
}

function printDifference(
  against: string,
  { findings, messages }: Difference,
  breaking: readonly Finding[],
  { format, all }: Pick<DiffArguments, "format" | "all">,
): void {
  const shown = all === true ? findings : breaking;
  if (format === "github") process.stdout.write(shown.map((finding) => `${annotationOf(finding)}\n`).join(""));
  else process.stdout.write(describeMessages(shown));
  const changed = `${count(findings.length, "change")} against ${printable(against)}`;
  if (breaking.length === 0) {
    process.stdout.write(
      `${coloursFor(process.stdout).green("compatible")} ${count(messages, "message")}, ${changed}\n`,
    );
    return;
  }
  const types = new Set(breaking.map(({ kind, type }) => `${kind} ${type}`));
  process.stderr.write(
    `${coloursFor(process.stderr).red("breaks")} ${count(types.size, "message")} of ${messages}: ${breaking.length} of ${changed}\n`,
  );
}

function printStored(messages: StoredMessages, { format, all }: Pick<DiffArguments, "format" | "all">): void {
  const summary = `${summarizeStored(messages)}\n`;
  if (format === "github") {
    if (messages.refused > 0) process.stdout.write(`${annotationOfStored(messages)}\n`);
  } else process.stdout.write(describeStored(messages, all === true));
  if (messages.refused > 0) process.stderr.write(summary);
  else process.stdout.write(summary);
}
