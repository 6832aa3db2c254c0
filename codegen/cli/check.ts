import { Command } from "commander";
import pc from "picocolors";
import { generate } from "../index.js";
import { count, reportProblems } from "./report.js";

interface CheckArguments {
  readonly schemas: string;
}

/** `merp check` */
export const checkCommand: Command = new Command("check")
  .description("check the schemas; exit with 1 if anything is wrong")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .action(({ schemas }: CheckArguments) =>
    reportProblems(async () => {
      const { messages } = await generate(schemas, { dryRun: true });
      process.stdout.write(`${pc.green("valid")} ${count(messages, "message")}\n`);
    }),
  );
