import { basename, resolve } from "node:path";
import { Command } from "commander";
import { ask, NoAnswerError } from "./ask.js";
import { coloursFor } from "./colour.js";
import { install } from "./install.js";
import { UnwritableError, writeFiles } from "./new-files.js";
import { type Plan, ProjectRefusedError, planProject } from "./project.js";

interface InitArguments {
  readonly yes?: true;
  readonly name?: string;
  readonly schemas: string;
  readonly ci: boolean;
  readonly install: boolean;
}

/** `merp init` */
export const initCommand: Command = new Command("init")
  .description("begin a catalogue here: an event, a command, a notification, a contract test, scripts and a CI job")
  .option("-y, --yes", "ask nothing")
  .option("--name <name>", "the catalogue's name; by default that of the folder")
  .option("--schemas <folder>", "the folder for the schemas", "schemas")
  .option("--no-ci", "write no workflow for GitHub Actions")
  .option("--no-install", "do not install what the contract test needs")
  .action(async (options: InitArguments) => {
    try {
      await init(options);
    } catch (error) {
      const isOurs = [ProjectRefusedError, UnwritableError, NoAnswerError].some((known) => error instanceof known);
      if (!isOurs) throw error;
      process.stderr.write(`${coloursFor(process.stderr).red("refused")} ${(error as Error).message}\n`);
      process.exitCode = 1;
    }
  });

async function init(options: InitArguments): Promise<void> {
  const name = options.name ?? nameOf(basename(resolve(".")));
  const isAsked = options.yes !== true;
  const answers = isAsked
    ? await ask([
        { question: "Name of the catalogue", answer: name },
        { question: "A workflow for GitHub Actions? (y/n)", answer: options.ci ? "y" : "n" },
        { question: "Install what the contract test needs? (y/n)", answer: options.install ? "y" : "n" },
      ])
    : [];
  const [named = name, ci, installed] = answers;
  const { schemas } = options;
  const plan = planProject({ name: named, schemas, hasCi: isYes(ci, options.ci) });
  writeFiles(".", plan.files);
  printPlan(plan);
  if (!isYes(installed, options.install)) process.stdout.write("next: install the dependencies, then merp generate\n");
  else if (!(await install(plan.manager))) {
    process.stderr.write(
      `${coloursFor(process.stderr).red("failed")} ${plan.manager} install; run it again, then: merp generate\n`,
    );
    process.exitCode = 1;
  } else process.stdout.write(`next: npx merp generate && npm run ${plan.test}\n`);
}

function printPlan({ files, changed, notes }: Plan): void {
  for (const path of files.keys()) {
    process.stdout.write(
      `${changed.has(path) ? coloursFor(process.stdout).yellow("changed") : coloursFor(process.stdout).green("added")} ${path}\n`,
    );
  }
  for (const note of notes) process.stdout.write(`${coloursFor(process.stdout).yellow("note")} ${note}\n`);
}

/** `@shop/Order Service` → `order-service` */
function nameOf(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain === "" ? "catalogue" : plain;
}

function isYes(answer: string | undefined, otherwise: boolean): boolean {
  return answer === undefined ? otherwise : /^(y|yes)$/i.test(answer.trim());
}
