import type { Command } from "commander";
import { Option } from "commander";
import { ageOf } from "../../broker/entry-id.js";
import { printableJson } from "../../contract/printable.js";
import { askEach } from "../../operations/ask-each.js";
import type { DeadLetterState, DeadLetterSummary } from "../../operations/index.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { operatorCommand } from "../exit.js";
import { table, widthOf } from "../table.js";
import { tellUnseen } from "../unseen.js";
import { countOption, filterOf, type SelectionArguments, selecting } from "./selection.js";
import { type LetterTool, streamsOf, withLetters } from "./tool.js";
import { enumerated, errorLine, lengthOf } from "./words.js";

interface ListArguments extends SelectionArguments, CatalogueArguments {
  readonly state?: DeadLetterState["state"] | "any";
  readonly limit?: number;
  readonly json?: true;
}

/** Of a table that is longer nobody reads the end. */
const LONGEST_TABLE = 100;

/** `merp dead-letters list` */
export const listCommand: Command = readingMessages(
  selecting(
    operatorCommand("list", "list dead letters, the oldest first")
      .argument("[stream...]", "the streams to look in (all of the catalogue)")
      .addOption(
        new Option("--state <state>", "those in this state")
          .choices(["open", "redriven", "discarded", "any"])
          .default("open"),
      )
      .option("-n, --limit <number>", `how many at most (${LONGEST_TABLE}; with --json all)`, countOption)
      .option("--json", "print a line of JSON for each letter"),
  ),
).action((streams: string[], args: ListArguments) => withLetters(args, (tool) => showList(tool, streams, args)));

/** Prints dead letters. Each line of JSON is printed as soon as its letter is read. */
export async function showList(tool: LetterTool, named: readonly string[], args: ListArguments): Promise<number> {
  const { state = "open", json = false, limit = json ? Number.POSITIVE_INFINITY : LONGEST_TABLE } = args;
  const streams = await streamsOf(tool, named);
  const rows: (readonly (string | number)[])[] = [];
  let [count, hasMore] = [0, false];
  const { found: seen, unseen } = await askEach(tool.routes, streams, async (stream) => {
    if (hasMore) return stream;
    for await (const letter of tool.letters.summaries(stream, { ...filterOf(args), state })) {
      hasMore = count === limit;
      if (hasMore) break;
      count++;
      if (json) await written(`${printableJson(letter)}\n`);
      else rows.push(rowOf(letter));
    }
    return stream;
  });
  const code = tellUnseen(unseen);
  if (json) return code;
  if (count === 0) {
    process.stdout.write(`No ${state === "any" ? "" : `${state} `}dead letters match in ${enumerated(seen)}.\n`);
    return code;
  }
  process.stdout.write(table(["error", "type", "group", "died", "state", "age", "id"], rows, widthOf()));
  if (hasMore) process.stdout.write(`There are more: give --limit, or --since with the time of the last.\n`);
  return code;
}

function rowOf(letter: DeadLetterSummary): readonly (string | number)[] {
  const { id, type = "–", group, deaths, state } = letter;
  const age = lengthOf(ageOf(id, Date.now()));
  return [errorLine(letter), type, group, deaths === 1 ? "once" : `${deaths} times`, state.state, age, id];
}

/** A reader that is slower than Redis is waited for. */
async function written(line: string): Promise<void> {
  if (process.stdout.write(line)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}
