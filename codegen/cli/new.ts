import { existsSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command } from "commander";
import { CatalogueError, formatProblem, generate } from "../index.js";
import { coloursFor } from "./colour.js";
import { UnwritableError, writeFiles } from "./new-files.js";
import { envelopes, ownPackage } from "./own-package.js";
import { type NewKind, newKinds, starterOf } from "./starter.js";

const FORMS: Readonly<Record<NewKind, { readonly form: RegExp; readonly separator: string; readonly says: string }>> = {
  event: {
    form: /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/,
    separator: ".",
    says: "<entity>.<past tense>, as in order.placed",
  },
  command: { form: /^[a-z][a-z0-9_.]*$/, separator: "_", says: "an imperative in lower case, as in reserve_stock" },
  notification: { form: /^[a-z][a-z0-9_.]*$/, separator: "_", says: "in lower case, as in order_shipped" },
  type: { form: /^[a-z][a-z0-9_]*$/, separator: "_", says: "in lower case, as in postal_address" },
};

/** `merp new` */
export const newCommand: Command = new Command("new")
  .description("add a message or a shared type to the catalogue: a schema file that is valid as it is")
  .addArgument(new Argument("<kind>", "what to add").choices(newKinds))
  .argument("<name>", "its type on the wire, such as order.placed")
  .option("--schemas <folder>", "the folder that holds catalogue.json", "schemas")
  .action(async (kind: NewKind, name: string, { schemas }: { readonly schemas: string }) => {
    const refusal = await add(kind, name, schemas);
    if (refusal === undefined) return;
    process.stderr.write(`${coloursFor(process.stderr).red("refused")} ${refusal}\n`);
    process.exitCode = 1;
  });

/** Adds the file. Resolves to why it did not, if it did not; then nothing is changed. */
async function add(kind: NewKind, name: string, schemas: string): Promise<string | undefined> {
  const { form, separator, says } = FORMS[kind];
  if (!form.test(name)) return `the name of ${article(kind)} is ${says}${meant(name, form, separator)}`;
  if (!existsSync(join(schemas, "catalogue.json"))) return `there is no catalogue in ${schemas}; run: merp init`;
  const { path, schema } = starterOf(kind, name);
  if (existsSync(join(schemas, path))) return `${join(schemas, path)} exists already`;
  const files = new Map([[path, `${JSON.stringify(schema, null, 2)}\n`]]);
  const envelope = `envelopes/${kind}.json`;
  const text = envelopes(ownPackage()).get(envelope);
  if (text !== undefined && !existsSync(join(schemas, envelope))) files.set(envelope, text);
  let takeBack: () => void;
  try {
    takeBack = writeFiles(schemas, files);
  } catch (error) {
    if (error instanceof UnwritableError) return error.message;
    throw error;
  }
  const added = [...files.keys()].map((file) => join(schemas, file).replaceAll("\\", "/"));
  const problems = (await problemsOf(schemas)).filter(({ file }) => added.includes(file));
  if (problems.length > 0) {
    takeBack();
    return `${problems.map(formatProblem).join("\n")}\n${added[0]} would have these problems; choose another name`;
  }
  process.stdout.write(added.map((file) => `${coloursFor(process.stdout).green("added")} ${file}\n`).join(""));
  process.stdout.write("describe it there, then run: merp generate\n");
  return undefined;
}

async function problemsOf(schemas: string): Promise<CatalogueError["problems"]> {
  try {
    await generate(schemas, { dryRun: true });
  } catch (error) {
    if (error instanceof CatalogueError) return error.problems;
  }
  return [];
}

function article(kind: NewKind): string {
  return kind === "event" ? `an ${kind}` : `a ${kind}`;
}

/** `OrderPlaced` is meant as `order.placed`. */
function meant(name: string, form: RegExp, separator: string): string {
  const words = name
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  const other = words.join(separator).toLowerCase();
  return form.test(other) ? ` (did you mean ${other}?)` : "";
}
