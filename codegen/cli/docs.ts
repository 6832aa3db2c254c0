import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { document, type Format, formats, OutputRefusedError, printable } from "../index.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import { historyIn } from "./history.js";
import { reportProblems } from "./report.js";

interface DocsArguments {
  readonly schemas: string;
  readonly out?: string;
  readonly format: Format;
  readonly services?: string;
  readonly history: number;
  readonly all?: true;
}

/** Where each form is written unless another folder is named, and where to begin there. */
const places: Readonly<Record<Format, { readonly folder: string; readonly start: string }>> = {
  site: { folder: "docs-site", start: "index.html" },
  asyncapi: { folder: "docs-asyncapi", start: "asyncapi.json" },
  eventcatalog: { folder: "docs-eventcatalog", start: "" },
};

const COMMITS = 50;

/** `merp docs` */
export const docsCommand: Command = new Command("docs")
  .description("document the catalogue: as a site that needs no server, as AsyncAPI, or for EventCatalog")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .option("--out <folder>", "the folder to write into, by default docs-site, docs-asyncapi or docs-eventcatalog")
  .addOption(new Option("--format <format>", "what is written").choices(formats).default("site"))
  .option("--services <file>", "JSON of who publishes and handles what, in place of what catalogue.json declares")
  .addOption(
    new Option("--history <commits>", "so many commits are told of in a site; 0 leaves them out")
      .argParser(countOf)
      .default(COMMITS),
  )
  .option("--all", "print every problem, not only the first of each cause")
  .action(async ({ schemas, format, services, history, all, ...options }: DocsArguments) => {
    const { folder, start } = places[format];
    const out = options.out ?? folder;
    await reportProblems({ format: "text", ...(all && { all }) }, async () => {
      try {
        const documented = await document(schemas, {
          format,
          out,
          ...(services !== undefined && { services }),
          ...(format === "site" && { history: (now) => historyIn(schemas, now, history) }),
        });
        const { messages, written, removed, unchanged, history: told } = documented;
        const parts = `${written.length} written, ${removed.length} removed, ${unchanged} unchanged`;
        const what = printable(`${count(messages, "message")} in ${join(out, start)}: ${parts}`);
        process.stdout.write(`${coloursFor(process.stdout).green("documented")} ${what}\n`);
        if (format === "site" && told.note !== "")
          process.stdout.write(`${coloursFor(process.stdout).dim(printable(told.note))}\n`);
      } catch (error) {
        if (!(error instanceof OutputRefusedError)) throw error;
        process.stderr.write(
          `${coloursFor(process.stderr).red("refused")} ${printable(`the folder ${out} ${error.message}`)}\n`,
        );
        process.exitCode = 1;
      }
    });
  });

function countOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number such as 50, or 0 for none.");
  return Number(text);
}
