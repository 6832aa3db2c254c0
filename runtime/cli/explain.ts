import type { Command } from "commander";
import { addedAt, entryIdIn } from "../broker/entry-id.js";
import { printable, printableJson } from "../contract/printable.js";
import type { Story } from "../operations/messages/explain.js";
import type { SearchRange } from "../operations/messages/search.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "./catalogue.js";
import { paint } from "./colour.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { repeated, wholeNumber } from "./options.js";
import { write } from "./output.js";
import { told, troubles } from "./story-lines.js";
import { sinceOption } from "./time.js";
import { tellUnseen } from "./unseen.js";

interface ExplainArguments extends CatalogueArguments {
  readonly stream?: readonly string[];
  readonly around?: number;
  readonly since?: number;
  readonly most: number;
  readonly json?: true;
}

const [HOUR, DAY] = [3_600_000, 86_400_000];

/** `merp explain` */
export const explainCommand: Command = readingMessages(
  operatorCommand("explain", "tell who published a message, what became of it in each group, and what it caused"),
)
  .argument("<id>", "the id of an entry, of a message or of a correlation")
  .option("-s, --stream <name>", "look in this stream only; may be repeated", repeated)
  .option("--around <time>", "look an hour before and after: 10m (ago), or 2026-05-01T03:00:00Z", sinceOption)
  .option("--since <time>", "look from there on (1d; for the id of an entry, from an hour before it)", sinceOption)
  .option("--most <number>", "how many entries of each stream to read, the newest first", wholeNumber, 20_000)
  .option("--json", "print the story as JSON")
  .action((id: string, given: ExplainArguments) => conclude(() => runExplain(id, given)));

async function runExplain(id: string, given: ExplainArguments): Promise<number> {
  const descriptors = await descriptorsOf(given);
  const { Operator } = await import("../operations/operator.js");
  const { explain } = await import("../operations/messages/explain.js");
  const streams = [...new Set(given.stream ?? descriptors.map(({ stream }) => stream))];
  const { from, to } = boundsOf(id, given);
  const range: SearchRange = {
    streams,
    from: `${from}-0`,
    to: to === undefined ? "+" : `${to}`,
    most: given.most,
    progress,
  };
  const operator = new Operator({}, { name: "explain" });
  try {
    const story = await explain(operator, descriptors, entryIdIn(id) ?? id, range);
    endProgress();
    if (given.json === true) await write(`${printableJson(story)}\n`);
    else await print(id, story);
    const code = tellUnseen(story.unseen);
    if (code === exit.fine && story.parts.length === 0 && story.letters.length === 0) return exit.wrong;
    return code;
  } finally {
    operator.routes.close();
  }
}

/** What an entry caused comes after it; the other ids do not tell when. */
function boundsOf(id: string, { around, since }: ExplainArguments): { readonly from: number; readonly to?: number } {
  if (around !== undefined) return { from: Math.max(0, Math.floor(around - HOUR)), to: Math.floor(around + HOUR) };
  const entryId = entryIdIn(id);
  if (since !== undefined) return { from: Math.max(0, Math.floor(since)) };
  if (entryId === undefined) return { from: Date.now() - DAY };
  const at = addedAt(entryId);
  return { from: Math.max(0, at - HOUR), to: at + DAY };
}

async function print(id: string, story: Story): Promise<void> {
  const { linesOf } = await import("../operations/messages/lines.js");
  const isFound = story.parts.length > 0 || story.letters.length > 0;
  if (!isFound) process.stderr.write(`${paint("yellow", "not found:", process.stderr)} ${printable(id)}\n`);
  for (const sentence of troubles(story)) await write(`${paint("red", "✗")} ${sentence}\n`);
  if (story.parts.length > 0)
    await write(
      linesOf(story.parts.map((part) => told(part)))
        .map((line) => `${line}\n`)
        .join(""),
    );
  if (story.left > 0) await write(`… and ${story.left} more messages: merp tail --correlation shows all\n`);
  const stream = isFound ? process.stdout : process.stderr;
  stream.write(story.searched.map((each) => `${paint("dim", extentOf(each), stream)}\n`).join(""));
  if (isFound) return;
  process.stderr.write("It may be older (--since, --around), or no longer in its stream.\n");
}

function extentOf({ stream, entries, oldest, isWhole }: Story["searched"][number]): string {
  const from = oldest === undefined ? "" : `, back to ${new Date(addedAt(oldest)).toISOString()}`;
  return `looked at ${entries} entries of ${stream}${from}${isWhole ? "" : "; there are more (--most)"}`;
}

function progress(entries: number): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\rlooked at ${entries} entries`);
}

function endProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r${" ".repeat(32)}\r`);
}
