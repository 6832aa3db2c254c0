import { Command, InvalidArgumentError, Option } from "commander";
import {
  fixLint,
  generate,
  type LintFinding,
  lintCatalogue,
  load,
  printable,
  type Tried,
  upcastersOf,
  warningsOf,
} from "../index.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import { explain } from "./explain.js";
import { UnwritableError, writeFiles } from "./new-files.js";
import { isShort } from "./problem-text.js";
import { cacheOption, printReport, type ReportArguments, reportOptions, reportProblems } from "./report.js";
import type { Reported } from "./reported.js";

interface CheckArguments extends ReportArguments {
  readonly schemas: string;
  readonly cache: boolean;
  readonly fix?: true;
  readonly maxWarnings?: number;
  readonly explain?: string;
  readonly today?: string;
}

/** `merp check` */
export const checkCommand: Command = new Command("check")
  .description("check and lint the schemas; exit with 1 if anything is wrong")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option(
    "--max-warnings <number>",
    "exit with 1 if the lint warns of more; by default it may warn of any",
    wholeNumber,
  )
  .option("--today <day>", "the day by which sunsets have come, as YYYY-MM-DD; by default that of the run", dayOf)
  .addOption(new Option("--fix", "mend what the lint can mend safely, in the schema files"))
  .addOption(new Option("--explain <rule>", "say why the lint has a rule, and what to do; check nothing"))
  .addOption(cacheOption)
  .addOption(reportOptions[0])
  .addOption(reportOptions[1])
  .action(({ schemas, cache, fix, maxWarnings, explain: rule, today = dayNow(), ...report }: CheckArguments) => {
    if (rule !== undefined) return explain(rule);
    return reportProblems(report, async () => {
      const { messages } = await generate(schemas, { dryRun: true, cache });
      const before = load(schemas);
      const found = await lintCatalogue(before);
      const sources = fix === true && (await mend(schemas, found, report)) ? load(schemas) : before;
      const lint = sources === before ? found : await lintCatalogue(sources);
      const findings = [...lint, ...warningsOf(sources, today).map((each) => ({ ...each, level: "warn" as const }))];
      const upcasters = await upcastersOf(sources, schemas);
      printReport(findings, report, upcasters.length === 0 ? {} : { upcasters });
      if (report.format === "text") for (const tried of upcasters) process.stdout.write(`${told(tried)}\n`);
      conclude(findings, { ...report, messages, maxWarnings });
    });
  });

/** Mends what can be mended. Resolves to whether files have changed. */
async function mend(schemas: string, findings: readonly LintFinding[], { format }: ReportArguments): Promise<boolean> {
  const { texts, mended } = await fixLint(schemas, findings);
  if (texts.size === 0) return false;
  try {
    writeFiles(schemas, texts);
  } catch (error) {
    if (!(error instanceof UnwritableError)) throw error;
    process.stderr.write(`${coloursFor(process.stderr).red("refused")} ${printable(error.message)}\n`);
    return false;
  }
  if (format === "text") {
    const { green } = coloursFor(process.stdout);
    for (const { file, line, pointer, rule } of mended)
      process.stdout.write(`${green("fixed")} ${printable(`${file}:${line} ${pointer} (${rule})`)}\n`);
  }
  return true;
}

interface Verdict extends ReportArguments {
  readonly messages: number;
  readonly maxWarnings: number | undefined;
}

function conclude(findings: readonly Reported[], { messages, maxWarnings, all, format }: Verdict): void {
  const warnings = findings.filter(({ level }) => level === "warn").length;
  const errors = findings.length - warnings;
  const isTooMany = maxWarnings !== undefined && warnings > maxWarnings;
  if (errors > 0 || isTooMany) process.exitCode = 1;
  if (format === "json" || format === "sarif") return;
  const counts = [
    ...(errors > 0 ? [count(errors, "problem")] : []),
    ...(warnings > 0 ? [`${count(warnings, "warning")}${isTooMany ? `, more than ${maxWarnings}` : ""}`] : []),
  ];
  const isCut = format === "text" && !isShort(findings, { all: all === true });
  const hint = isCut ? "; --all prints every place" : "";
  if (errors > 0 || isTooMany) {
    process.stderr.write(`${coloursFor(process.stderr).red("invalid")} ${counts.join(", ")}${hint}\n`);
  } else if (format === "text") {
    const valid = `${coloursFor(process.stdout).green("valid")} ${[count(messages, "message"), ...counts].join(", ")}`;
    process.stdout.write(`${valid}${hint}\n`);
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("give a whole number, as in --max-warnings 0.");
}

function told({ from, to, messages, seed, loses, unknown }: Tried): string {
  const steps = `${from} to ${to}`;
  const lost = loses.length === 0 ? "loses nothing" : `loses ${loses.join(", ")}`;
  const text =
    unknown === undefined
      ? `${steps}: ${count(messages, "message")} with the seed ${seed}, ${lost}`
      : `${steps}: not tried, since ${unknown} is no message of this catalogue`;
  return `${coloursFor(process.stdout).green("upcast")} ${printable(text)}`;
}

function dayNow(): string {
  return new Date().toISOString().slice(0, 10);
}

function dayOf(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  throw new InvalidArgumentError("give a day as YYYY-MM-DD.");
}
