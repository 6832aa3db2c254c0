import type { Command } from "commander";
import { printableJson } from "../../contract/printable.js";
import { askEach } from "../../operations/ask-each.js";
import type { DeadLetterCause } from "../../operations/index.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { operatorCommand } from "../exit.js";
import { table, widthOf } from "../table.js";
import { tellUnseen } from "../unseen.js";
import { filterOf, type SelectionArguments, selecting } from "./selection.js";
import { type LetterTool, streamsOf, withLetters } from "./tool.js";
import { ago, counted, enumerated, errorLine } from "./words.js";

interface GroupsArguments extends SelectionArguments, CatalogueArguments {
  readonly json?: true;
}

/** `merp dead-letters groups` */
export const groupsCommand: Command = readingMessages(
  selecting(
    operatorCommand("groups", "group the open dead letters by cause: type, group, error and place in the code")
      .alias("causes")
      .argument("[stream...]", "the streams to look in (all of the catalogue)")
      .option("--json", "print a line of JSON for each cause"),
  ),
).action((streams: string[], args: GroupsArguments) => withLetters(args, (tool) => showGroups(tool, streams, args)));

interface Found extends DeadLetterCause {
  readonly stream: string;
}

/** Prints the causes of the dead letters, the most frequent first. */
export async function showGroups(tool: LetterTool, named: readonly string[], args: GroupsArguments): Promise<number> {
  const streams = await streamsOf(tool, named);
  const found: Found[] = [];
  let [letters, others] = [0, 0];
  const { found: seen, unseen } = await askEach(tool.routes, streams, async (stream) => {
    const counts = await tool.letters.causes(stream, filterOf(args));
    found.push(...counts.causes.map((cause) => ({ stream, ...cause })));
    letters += counts.letters;
    others += counts.others;
    return stream;
  });
  const code = tellUnseen(unseen);
  found.sort((one, other) => other.count - one.count);
  if (args.json === true) {
    for (const cause of found) process.stdout.write(`${printableJson(cause)}\n`);
    return code;
  }
  if (letters === 0) {
    process.stdout.write(`No open dead letters in ${enumerated(seen)}.\n`);
    return code;
  }
  const [first] = found as [Found];
  process.stdout.write(`${counted(letters, "open dead letter")} of ${counted(found.length, "cause")}.\n\n`);
  const head = ["error", "type", "group", "letters", "last", "cause"];
  process.stdout.write(table(head, found.map(rowOf), widthOf()));
  if (others > 0) process.stdout.write(`${counted(others, "letter")} have further causes.\n`);
  process.stdout.write(
    `\nSee one:      merp dead-letters show ${first.example}\nRedrive them: merp dead-letters redrive --cause ${first.id}\n`,
  );
  return code;
}

function rowOf({ name, code, text, type = "–", group, count, lastAt, id }: Found): readonly (string | number)[] {
  const error = errorLine({
    reason: name,
    error: { at: "", name, message: text, ...(code !== undefined && { code }) },
  });
  return [error, type, group, count, ago(lastAt), id];
}
