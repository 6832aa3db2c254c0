import { Command, Option } from "commander";
import pc from "picocolors";
import { diffCatalogues, load, printable, type Verdict } from "../index.js";
import { BaselineError, baselineOf } from "./baseline.js";
import { count } from "./count.js";
import { annotationOf } from "./diff-annotation.js";
import { describeMessages } from "./diff-text.js";
import { reportProblems } from "./report.js";

interface DiffArguments {
  readonly against?: string;
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
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option("--wire", "count only what services that run would notice, not what their compiler tells")
  .option("--all", "print changes that break nothing, too")
  .addOption(
    new Option("--format <format>", "how changes are printed").choices(["text", "json", "github"]).default("text"),
  )
  // What commander refuses is not compared either.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOT_COMPARED))
  .addHelpText("after", "\nExit codes: 0 nothing breaks, 1 something does, 2 the versions could not be compared.")
  .action(async ({ against, ...options }: DiffArguments, command: Command) => {
    if (against === undefined) {
      command.error("error: say what to compare with: --against main, --against v1.2.0, --against ./released/schemas");
    }
    const report = { all: true, format: "text", exitCode: NOT_COMPARED } as const;
    await reportProblems(report, () => compare(against, options));
  });

async function compare(against: string, { schemas, format, wire, all }: DiffArguments): Promise<void> {
  const now = load(schemas);
  let before: ReturnType<typeof load>;
  try {
    before = baselineOf(against, schemas);
  } catch (error) {
    if (!(error instanceof BaselineError)) throw error;
    process.stderr.write(`${pc.red("failed")} ${printable(error.message)}\n`);
    process.exitCode = NOT_COMPARED;
    return;
  }
  const { findings, messages } = await diffCatalogues(before, now);
  const isBreaking = (verdict: Verdict): boolean =>
    verdict !== "safe" && (verdict !== "breaks-source" || wire !== true);
  const breaking = findings.filter(({ verdict }) => isBreaking(verdict));
  if (breaking.length > 0) process.exitCode = 1;
  if (format === "json") {
    process.stdout.write(`${JSON.stringify({ against, messages, breaks: breaking.length, findings }, null, 2)}\n`);
    return;
  }
  const shown = all === true ? findings : breaking;
  if (format === "github") process.stdout.write(shown.map((finding) => `${annotationOf(finding)}\n`).join(""));
  else process.stdout.write(describeMessages(shown));
  const changed = `${count(findings.length, "change")} against ${printable(against)}`;
  if (breaking.length === 0) {
    process.stdout.write(`${pc.green("compatible")} ${count(messages, "message")}, ${changed}\n`);
    return;
  }
  const types = new Set(breaking.map(({ kind, type }) => `${kind} ${type}`));
  process.stderr.write(
    `${pc.red("breaks")} ${count(types.size, "message")} of ${messages}: ${breaking.length} of ${changed}\n`,
  );
}
