import { Command } from "commander";
import pc from "picocolors";
import { generate } from "../index.js";
import { cacheOption, count, type ReportArguments, reportOptions, reportProblems } from "./report.js";

interface CheckArguments extends ReportArguments {
  readonly schemas: string;
  readonly cache: boolean;
}

/** `merp check` */
export const checkCommand: Command = new Command("check")
  .description("check the schemas; exit with 1 if anything is wrong")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .addOption(cacheOption)
  .addOption(reportOptions[0])
  .addOption(reportOptions[1])
  .action(({ schemas, cache, ...report }: CheckArguments) =>
    reportProblems(report, async () => {
      const { messages } = await generate(schemas, { dryRun: true, cache });
      if (report.format === "text") process.stdout.write(`${pc.green("valid")} ${count(messages, "message")}\n`);
    }),
  );
