import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Argument, Command, Option } from "commander";
import {
  drafts,
  type Imported,
  type ImportedKind,
  type ImportOptions,
  ImportRefusedError,
  importSchemas,
  messageKinds,
  printable,
} from "../index.js";
import { coloursFor } from "./colour.js";
import { type ImportReport, printReport } from "./import-report.js";
import { UnwritableError, writeFiles } from "./new-files.js";
import { envelopes, ownPackage } from "./own-package.js";
import { reportProblems } from "./report.js";

interface ImportArguments {
  readonly schemas: string;
  readonly kind: ImportedKind | "type";
  readonly as: "payload" | "message";
  readonly type?: string;
  readonly each?: true;
  readonly draft?: NonNullable<ImportOptions["draft"]>;
  readonly dryRun?: true;
  readonly strict?: true;
  readonly force?: true;
  readonly all?: true;
  readonly format: "text" | "json";
}

/** The exit code when nothing could be read, or the catalogue has problems of its own. */
const NOT_READ = 2;

/** `merp import` */
export const importCommand: Command = new Command("import")
  .description("make messages of JSON Schemas, of a module with schemas as of zod, or of a document of AsyncAPI")
  .addArgument(new Argument("<source>", "a file, a folder, or a module"))
  .option("--schemas <folder>", "the folder that holds catalogue.json, or will", "schemas")
  .addOption(
    new Option("--kind <kind>", "what each schema describes").choices([...messageKinds, "type"]).default("event"),
  )
  .addOption(
    new Option("--as <part>", "whether a schema describes what a message carries, or the whole message")
      .choices(["payload", "message"])
      .default("payload"),
  )
  .option("--type <type>", "the type on the wire of a single message; by default it is made of the file's name")
  .option("--each", "make a message of each form of a choice (oneOf, anyOf) at the root of a schema")
  .addOption(new Option("--draft <draft>", "the draft of files that state none").choices([...drafts]))
  .option("--dry-run", "write nothing, print what would be done")
  .option("--strict", "write nothing if anything would be left out")
  .option("--force", "replace files that exist and differ")
  .option("--all", "print every place, not only the first of each cause")
  .addOption(new Option("--format <format>", "how the report is printed").choices(["text", "json"]).default("text"))
  // What commander refuses is not read either.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOT_READ))
  .addHelpText(
    "after",
    "\nExit codes: 0 all is imported, 1 something is left out or nothing may be written, 2 nothing could be read.",
  )
  .action(async (source: string, options: ImportArguments) => {
    // Problems of the catalogue itself are printed as `merp check` prints them.
    const report = { all: true, format: "text", exitCode: NOT_READ } as const;
    await reportProblems(report, async () => {
      try {
        await run(source, options);
      } catch (error) {
        const isRefused = error instanceof ImportRefusedError || error instanceof UnwritableError;
        if (!isRefused) throw error;
        refuse(error.message, error instanceof UnwritableError ? 1 : NOT_READ);
      }
    });
  });

async function run(source: string, options: ImportArguments): Promise<void> {
  const { schemas, type, draft } = options;
  if (relative(realpathSync("."), realPath(schemas)).startsWith("..")) {
    return refuse(`${schemas} is outside of this project; give a folder inside it with --schemas`, 1);
  }
  if (resolve(source) === resolve(schemas)) return refuse(`${source} is the catalogue itself`, NOT_READ);
  const imported = await importSchemas(source, schemas, {
    kind: options.kind,
    as: options.as,
    each: options.each === true,
    ...(type !== undefined && { type }),
    ...(draft !== undefined && { draft }),
    envelopes: envelopes(ownPackage(), "health"),
    name: nameOf(basename(resolve("."))),
  });
  const report = write(imported, options);
  printReport(report, { all: options.all === true, format: options.format });
  if (report.refusal !== undefined || imported.hindrances.length > 0) process.exitCode = 1;
}

/** Where a folder is, or would be, when links are followed. */
function realPath(folder: string): string {
  const path = resolve(folder);
  return existsSync(path) ? realpathSync(path) : join(realPath(dirname(path)), basename(path));
}

/** Writes what may be written, all or nothing. */
function write(imported: Imported, { schemas, dryRun, strict, force }: ImportArguments): ImportReport {
  const files = [...imported.files].map(([path, text]) => {
    const place = join(schemas, path);
    const before = existsSync(place) ? readFileSync(place, "utf8") : undefined;
    return { path: place.replaceAll("\\", "/"), relative: path, text, state: stateOf(before, text) };
  });
  const differing = files.filter(({ state }) => state === "changed").map(({ path }) => path);
  const refusal =
    strict === true && imported.hindrances.length > 0
      ? "something would be left out, and --strict allows that not"
      : differing.length > 0 && force !== true
        ? `${differing.join(", ")} would be replaced; --force does so`
        : undefined;
  const changed = files.filter(({ state }) => state !== "unchanged");
  const isWritten = refusal === undefined && dryRun !== true;
  if (isWritten) writeFiles(schemas, new Map(changed.map(({ relative: path, text }) => [path, text])));
  return { ...imported, files: files.map(({ path, state }) => ({ path, state })), isWritten, refusal };
}

function stateOf(before: string | undefined, text: string): "added" | "changed" | "unchanged" {
  if (before === undefined) return "added";
  return before === text ? "unchanged" : "changed";
}

function refuse(sentence: string, code: number): void {
  process.stderr.write(`${coloursFor(process.stderr).red("refused")} ${printable(sentence)}\n`);
  process.exitCode = code;
}

/** A catalogue's name begins with a letter. */
function nameOf(folder: string): string {
  const plain = folder
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return plain === "" ? "catalogue" : plain;
}
