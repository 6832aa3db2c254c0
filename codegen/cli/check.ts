import { Command } from "commander";
import pc from "picocolors";
import { generate } from "../index.js";
import { count, type ReportArguments, reportOptions, reportProblems } from "./report.js";

interface CheckArguments extends ReportArguments {
  readonly schemas: string;
}

/** `merp check` */
export const checkCommand: Command = new Command("check")
  .description("check the schemas; exit with 1 if anything is wrong")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .addOption(reportOptions[0])
  .addOption(reportOptions[1])
  .action(({ schemas, ...report }: CheckArguments) =>
    reportProblems(report, async () => {
      const { messages } = await generate(schemas, { dryRun: true });
      if (report.format === "text") process.stdout.write(`${pc.green("valid")} ${count(messages, "message")}\n`);
    }),
  );
