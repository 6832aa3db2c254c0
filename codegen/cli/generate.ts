import { Command, Option } from "commander";
import { type FileChange, type Generated, generate, printable } from "../index.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import type { PackageArguments } from "./package.js";
import { cacheOption, printReport, type ReportArguments, reportOptions, reportProblems } from "./report.js";
import { watch } from "./watch.js";

interface GenerateArguments extends ReportArguments {
  readonly schemas: string;
  readonly cache: boolean;
  readonly check?: true;
  readonly watch?: true;
  readonly standalone?: boolean;
  readonly package?: string;
  readonly packageName?: string;
  readonly since?: string;
  readonly releaseAs?: string;
}

/** `merp generate` */
export const generateCommand: Command = new Command("generate")
  .description("check the schemas and generate TypeScript from them")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option(
    "--check",
    "write nothing; name the files that are out of date, print a diff, and exit with 1 if there are any",
  )
  .addOption(new Option("--watch", "generate again at each change of the schemas, until Ctrl-C").conflicts("check"))
  .option("--standalone", 'write checks, too, for where code generation is off; also "checks" in catalogue.json')
  .addOption(
    new Option("--package <folder>", "write a package to publish instead, with compiled code").conflicts([
      "check",
      "watch",
    ]),
  )
  .option("--package-name <name>", "its name; by default that of the last release, else of the catalogue")
  .option("--since <version>", "the last release: an installed package, a folder, or a git ref such as v1.2.0")
  .option("--release-as <version>", "major, minor, patch or a version, where more is wanted than the changes ask for")
  .addOption(cacheOption)
  .addOption(reportOptions[0])
  .addOption(reportOptions[1])
  .action((given: GenerateArguments, command: Command) => {
    const { schemas, cache, check, standalone = false, watch: isWatching, package: folder, ...rest } = given;
    if (folder !== undefined) return reportProblems(rest, () => makePackage({ ...given, package: folder, standalone }));
    const idle = PACKAGED.find((option) => given[option] !== undefined);
    if (idle !== undefined) {
      command.error(
        `error: --${idle.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} needs --package <folder>`,
      );
    }
    const run = (changed: readonly string[]): Promise<void> =>
      reportProblems(rest, async () => {
        const generated = await generate(schemas, { dryRun: check === true, standalone, cache });
        if (check === true) await printDifference(generated);
        else if (rest.format === "text") printSummary(generated, changed);
        if (rest.format !== "text") printReport([], rest);
      });
    return isWatching === true ? runAtEachChange(schemas, run) : run([]);
  });

/** Tells whoever started this process of each run, and ends with it. */
function runAtEachChange(schemas: string, run: (changed: readonly string[]) => Promise<void>): Promise<void> {
  if (process.send !== undefined) process.once("disconnect", () => process.exit());
  const runAndTell = async (changed: readonly string[]): Promise<void> => {
    await run(changed);
    process.send?.("generated");
  };
  // It ends with the process.
  return watch(schemas, runAndTell, new AbortController().signal);
}

/** Options that are about a package. */
const PACKAGED = ["packageName", "since", "releaseAs"] as const;

/** Imported here because a usual run makes none. */
async function makePackage(wish: GenerateArguments & PackageArguments): Promise<void> {
  const { runPackage } = await import("./package.js");
  await runPackage(wish, wish.format !== "text");
  if (wish.format !== "text") printReport([], wish);
}

/** So many changed files are named in a line. */
const NAMED = 3;

function printSummary({ folder, messages, written, removed, unchanged }: Generated, changed: readonly string[]): void {
  const parts = [`${written.length} written`, `${removed.length} removed`, `${unchanged} unchanged`];
  const rest = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : "";
  const cause = changed.length === 0 ? "" : `${printable(changed.slice(0, NAMED).join(", "))}${rest}: `;
  process.stdout.write(
    `${cause}${coloursFor(process.stdout).green("generated")} ${printable(`${count(messages, "message")} into ${folder}: ${parts.join(", ")}`)}\n`,
  );
}

async function printDifference({ folder, written, removed }: Generated): Promise<void> {
  const changes = [...written, ...removed];
  if (changes.length === 0) return;
  // Imported here because only a stale output needs it.
  const { createTwoFilesPatch } = await import("diff");
  process.stdout.write(
    `${changes.map((change) => `${printable(`${stateOf(change)} ${folder}/${change.path}`)}\n`).join("")}\n`,
  );
  for (const { path, before, after } of changes) {
    const name = `${folder}/${path}`;
    process.stdout.write(createTwoFilesPatch(name, name, before, after, "present", "expected"));
  }
  process.stderr.write(
    `${coloursFor(process.stderr).red("stale")} ${count(changes.length, "file")} in ${printable(folder)}; run: merp generate\n`,
  );
  process.exitCode = 1;
}

function stateOf({ before, after }: FileChange): string {
  if (before === "") return "missing";
  return after === "" ? "left over" : "out of date";
}
