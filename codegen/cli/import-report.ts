import { type Change, changeRules, type Hindrance, type Imported, printable } from "../index.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";

/** What an import did, or would do. */
export interface ImportReport extends Omit<Imported, "files"> {
  readonly files: readonly { readonly path: string; readonly state: "added" | "changed" | "unchanged" }[];
  readonly isWritten: boolean;
  /** Why nothing is written though something could be. */
  readonly refusal: string | undefined;
}

interface Shown {
  readonly all: boolean;
  readonly format: "text" | "json";
}

/** So many places of a cause are named without being asked for. */
const NAMED = 3;
/** So many files are listed without being asked for. */
const LISTED = 20;

/** Prints the report: what was changed by file and cause, what is left out, and the files. */
export function printReport(report: ImportReport, { all, format }: Shown): void {
  if (format === "json") {
    const changes = report.changes.map((change) => ({ ...change, ...changeRules[change.rule] }));
    process.stdout.write(`${JSON.stringify({ ...report, changes }, null, 2)}\n`);
    return;
  }
  for (const [file, changes] of groupedBy(report.changes, ({ file: name }) => name)) {
    process.stdout.write(`${printable(file)}\n`);
    for (const [, places] of groupedBy(changes, ({ rule }) => rule))
      process.stdout.write(`${describeCause(places, all)}\n`);
  }
  if (report.changes.length > 0) process.stdout.write("\n");
  printFiles(report, all);
  const hindrances = new Set(report.hindrances.map(describeHindrance));
  if (hindrances.size > 0) {
    process.stderr.write(
      `\n${coloursFor(process.stderr).red("left out")}\n${[...hindrances].map((line) => `  ${line}\n`).join("")}`,
    );
  }
  if (report.refusal !== undefined) {
    process.stderr.write(
      `${coloursFor(process.stderr).red("refused")} nothing was written: ${printable(report.refusal)}\n`,
    );
  }
}

function printFiles({ files, messages, types, isWritten }: ImportReport, all: boolean): void {
  const shown = all ? files : files.slice(0, LISTED);
  for (const { path, state } of shown)
    process.stdout.write(`${isWritten ? state : `would be ${state}`} ${printable(path)}\n`);
  if (files.length > shown.length) {
    process.stdout.write(
      coloursFor(process.stdout).dim(
        `  and ${count(files.length - shown.length, "more file")}; --all lists every one\n`,
      ),
    );
  }
  if (files.length === 0) process.stdout.write("nothing is imported\n");
  else {
    const what = `${count(messages, "message")} and ${count(types, "type")}`;
    process.stdout.write(`${isWritten ? coloursFor(process.stdout).green("imported") : "to import"} ${what}\n`);
    if (isWritten) process.stdout.write("read them there, then run: merp generate\n");
  }
}

/** `  definitions  since 2019-09 … (3): /definitions/a, /definitions/b and 1 more` */
function describeCause(places: readonly Change[], all: boolean): string {
  const [first] = places;
  if (first === undefined) return "";
  const { reason, effect } = changeRules[first.rule];
  const shown = all ? places : places.slice(0, NAMED);
  const listed = shown.map(({ pointer, detail }) =>
    [pointer, detail === undefined ? "" : `(${detail})`].join(" ").trim(),
  );
  const named = listed.filter((text) => text !== "").join(", ");
  const more = places.length > shown.length ? ` and ${places.length - shown.length} more` : "";
  const weight = effect === "same" ? "" : ` [${effect}]`;
  return printable(`  ${first.rule}${weight}: ${reason}${named === "" ? "" : `: ${named}`}${more}`);
}

function describeHindrance({ file, line, column, pointer, rule, sentence }: Hindrance): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return printable(`${place}${pointer === "" ? "" : ` ${pointer}`}: ${sentence} (${rule})`);
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const known = groups.get(keyOf(item));
    if (known === undefined) groups.set(keyOf(item), [item]);
    else known.push(item);
  }
  return groups;
}
