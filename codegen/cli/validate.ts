import { Command } from "commander";
import type { Judge, Verdict } from "../../runtime/operations/judge.js";
import type { Tally } from "../../runtime/operations/tally.js";
import { contractsOf, load, printable } from "../index.js";
import { describeCauses, describeIssues } from "./causes.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import { messagesOf, UnreadableError } from "./message-source.js";
import { reportProblems } from "./report.js";

interface ValidateArguments {
  readonly schemas: string;
  readonly stream?: string;
  readonly strict?: true;
  readonly allowUnknown?: true;
  readonly all?: true;
  readonly json?: true;
}

/** A message with its place and the verdict on it. */
interface Judged {
  readonly where: string;
  readonly verdict: Verdict;
}

/** So many broken messages, and so many causes, are printed without being asked for. */
const SHOWN = 20;
/** The exit code when messages could not be judged: the catalogue has problems, a file or Redis cannot be read. */
const NOT_JUDGED = 2;

/** `merp validate` */
export const validateCommand: Command = new Command("validate")
  .description("tell which messages break the contract, where and why, and count the causes")
  .argument("[files...]", "files of JSON: a message a line, a list, or a single message; - for the standard input")
  .option("--stream <name>", "judge the entries of a stream of the Redis that the environment names; it is only read")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option("--strict", "judge as a publisher is judged: undeclared names are refused, and formats are exact")
  .option("--allow-unknown", "leave out messages of types that the catalogue does not describe")
  .option("--all", `print every broken message, not only the first ${SHOWN}`)
  .option("--json", "print a line of JSON for each broken message, and one for the counts")
  // What commander refuses is not judged either.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOT_JUDGED))
  .addHelpText("after", "\nExit codes: 0 all keep the contract, 1 some break it, 2 they could not be judged.")
  .action(async (files: readonly string[], options: ValidateArguments, command: Command) => {
    if ((files.length === 0) === (options.stream === undefined)) {
      command.error("error: give files of messages, or --stream and none");
    }
    const report = { all: true, format: "text", exitCode: NOT_JUDGED } as const;
    await reportProblems(report, () => validate(files, options));
  });

async function validate(files: readonly string[], options: ValidateArguments): Promise<void> {
  const descriptors = await contractsOf(load(options.schemas));
  // Imported here because it brings Ajv, which most commands do not need.
  const { Judge } = await import("../../runtime/operations/judge.js");
  const { Tally } = await import("../../runtime/operations/tally.js");
  const { MessagingError } = await import("../../runtime/errors.js");
  const judge = new Judge(descriptors, { strict: options.strict === true });
  const tally = new Tally();
  try {
    const judged = options.stream === undefined ? inFiles(files, judge) : inStream(options.stream, judge);
    for await (const { where, verdict } of judged) {
      if (!verdict.isKnown && verdict.type !== undefined && options.allowUnknown === true) continue;
      tally.add(verdict.type, verdict.issues);
      if (verdict.issues.length > 0) printBroken(where, verdict, tally, options);
    }
  } catch (error) {
    if (!(error instanceof UnreadableError || error instanceof MessagingError)) throw error;
    process.stderr.write(`${coloursFor(process.stderr).red("failed")} ${printable(error.message)}\n`);
    process.exitCode = NOT_JUDGED;
    return;
  }
  printCounts(tally, options);
  if (tally.broken > 0) process.exitCode = 1;
}

async function* inFiles(files: readonly string[], judge: Judge): AsyncGenerator<Judged> {
  for (const file of files) {
    for await (const { where, json } of messagesOf(file)) yield { where, verdict: judge.json(json) };
  }
}

async function* inStream(stream: string, judge: Judge): AsyncGenerator<Judged> {
  // Imported here because it brings the Redis client.
  const { streamEntries } = await import("../../runtime/operations/stream-entries.js");
  for await (const entry of streamEntries(stream)) {
    yield { where: `${stream} ${entry.id}`, verdict: judge.entry(entry, stream) };
  }
}

function printBroken(
  where: string,
  { type, issues }: Verdict,
  { broken }: Tally,
  { json, all }: ValidateArguments,
): void {
  if (json === true) process.stdout.write(`${JSON.stringify({ where, type, issues })}\n`);
  else if (all === true || broken <= SHOWN) {
    process.stdout.write(
      `${printable(`${where}${type === undefined ? "" : ` ${type}`}: ${describeIssues(issues)}`)}\n`,
    );
  }
}

function printCounts({ messages, broken, causes }: Tally, { json, all }: ValidateArguments): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ messages, broken, causes })}\n`);
    return;
  }
  if (broken === 0) {
    process.stdout.write(`${coloursFor(process.stdout).green("valid")} ${count(messages, "message")}\n`);
    return;
  }
  if (all !== true && broken > SHOWN) {
    process.stdout.write(
      `${coloursFor(process.stdout).dim(`  and ${count(broken - SHOWN, "more message")}; --all prints every one`)}\n`,
    );
  }
  process.stdout.write(`\n${describeCauses(causes, all === true ? causes.length : SHOWN)}`);
  process.stderr.write(`\n${coloursFor(process.stderr).red("broken")} ${broken} of ${count(messages, "message")}\n`);
}
