import { Command, Option } from "commander";
import { type Bundle, BundleRefusedError, bundleCatalogue, printable, writeBundles } from "../index.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";
import { reportProblems } from "./report.js";

interface BundleArguments {
  readonly schemas: string;
  readonly out?: string;
  readonly for: "reader" | "writer";
  readonly draft: "2020-12" | "7";
}

/** `merp bundle` */
export const bundleCommand: Command = new Command("bundle")
  .description("print or write each message's schema in one piece, for tools of other languages")
  .argument("[type]", "a message, such as order.placed, or the answer to a command, such as reserve_stock.result")
  .option("--out <folder>", "write the schemas into this folder, a file each")
  .addOption(
    new Option("--for <side>", "reader: what a handler may receive; writer: what may be published")
      .choices(["reader", "writer"])
      .default("reader"),
  )
  .addOption(new Option("--draft <version>", "the version of JSON Schema").choices(["2020-12", "7"]).default("2020-12"))
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .action((type: string | undefined, given: BundleArguments, command: Command) => {
    if (type === undefined && given.out === undefined) {
      command.error("error: give the type of a message to print its schema, or --out <folder> to write those of all");
    }
    return reportProblems({ all: true, format: "text" }, () => bundle(type, given));
  });

async function bundle(type: string | undefined, { schemas, out, for: side, draft }: BundleArguments): Promise<void> {
  const all = await bundleCatalogue(schemas, { side, draft });
  const bundles = type === undefined ? all : [wanted(type, all)];
  if (out === undefined) {
    for (const { schema } of bundles) process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    return;
  }
  const { written, removed, unchanged } = writeBundles(out, schemas, bundles);
  const parts = [`${written.length} written`, `${removed.length} removed`, `${unchanged} unchanged`];
  const what = `${count(bundles.length, "schema")} for ${side}s into ${out}: ${parts.join(", ")}`;
  process.stdout.write(`${coloursFor(process.stdout).green("bundled")} ${printable(what)}\n`);
}

function wanted(type: string, bundles: readonly Bundle[]): Bundle {
  const found = bundles.filter(({ path }) => path === type || path.slice(path.indexOf("/") + 1) === type);
  const [only, ...others] = found;
  if (only === undefined) {
    throw new BundleRefusedError(`there is no message "${type}"; merp bundle --out <folder> writes all of them`);
  }
  if (others.length === 0) return only;
  throw new BundleRefusedError(`there are several of them; say which: ${found.map(({ path }) => path).join(", ")}`);
}
