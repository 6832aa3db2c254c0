// `npm run foreign`: generates the catalogues of other makers, compiles them, and passes all of their values through.

import type { Files } from "../codegen/catalogue.js";
import { Scratch } from "../codegen/scratch.js";
import { type Adoption, described, type GitHub, importGitHub, importInto } from "./imported.js";
import type { Maker } from "./maker.js";
import { makers } from "./makers/index.js";
import { catalogueOf, type Outcome, tryOut } from "./trial.js";

const [only = ""] = process.argv.slice(2);

for (const make of makers.filter(({ name }) => name.includes(only))) {
  const maker = make();
  const outcome = await tryOut(maker);
  print(maker, outcome, await typeErrorsOf(catalogueOf(maker)));
  if (outcome.problems.length + outcome.faults.length > 0) process.exitCode = 1;
}

for (const one of described) await printImport(one[0]().name, (schemas) => importInto(schemas, one));
await printImport("GitHub's webhooks, a message for each", importGitHub);

/** Imports a maker's documents with `merp import`, and tries the values with what comes of it. */
async function printImport(
  name: string,
  importAll: (schemas: string) => Promise<Partial<Adoption & GitHub>>,
): Promise<void> {
  if (!name.includes(only)) return;
  await using scratch = await Scratch.create({});
  const { maker, messages, hindrances = [] } = await importAll(scratch.path("schemas"));
  const lines = [`${name}, by merp import`, ...hindrances.map((hindrance) => `  left out: ${hindrance}`)];
  if (messages !== undefined) lines.push(`  ${messages} messages`);
  if (maker !== undefined) {
    const { given, valid, same, written, faults } = await tryOut(maker);
    lines.push(`  ${given} values, ${valid} valid; ${same} come back the same, ${written} can be published`, ...faults);
    if (faults.length + hindrances.length > 0) process.exitCode = 1;
  }
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

/** What the strictest TypeScript says of the generated files. */
async function typeErrorsOf(files: Files): Promise<string> {
  await using scratch = await Scratch.create({ ...files, "catalogue.json": { name: "foreign" } });
  const generated = await scratch.merp("generate");
  return generated.code === 0 ? (await scratch.tsc()).stdout : generated.stderr;
}

function print({ name, source }: Maker, outcome: Outcome, typeErrors: string): void {
  const { files, given, valid, read, same, written, refusals, faults, problems } = outcome;
  const text = [...files].map(([path, one]) => (path.startsWith("types/") ? one : "")).join("\n");
  const kinds = [...refusals].sort(([, a], [, b]) => b - a).map(([reason, count]) => `    ${count} × ${reason}`);
  const lines = [
    `${name} (${source})`,
    `  ${files.size} files; any: ${count(text, /: any\b/g)}; intersections: ${count(text, /^(?! *\*).* & /gm)}`,
    `  ${given} values, ${valid} of them valid by the maker's schema`,
    `  ${read} are read, ${same} come back the same in both encodings, ${written} can be published`,
    ...kinds.slice(0, 10),
    ...[...problems.map(({ sentence, pointer }) => `${pointer}: ${sentence}`), ...faults].slice(0, 20),
    typeErrors === "" ? "  compiles" : typeErrors.slice(0, 2000),
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}
