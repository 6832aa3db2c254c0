import type { Command } from "commander";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { changing } from "../change.js";
import { CommandError, operatorCommand } from "../exit.js";
import { redriveEdited } from "./edit.js";
import { countOption, selecting } from "./selection.js";
import { type SettleArguments, settle } from "./settle.js";
import { type LetterTool, ofStreams, withLetters } from "./tool.js";

interface RedriveArguments extends SettleArguments, CatalogueArguments {
  readonly edit?: true;
  readonly with?: string;
}

/** `merp dead-letters redrive` */
export const redriveCommand: Command = readingMessages(
  changing(
    selecting(
      ofStreams(
        operatorCommand("redrive", "return dead letters to their group: those with these ids, or all that are selected")
          .argument("[id...]", "ids of letters, messages or entries")
          .option("--all", "every open letter, where nothing else selects them")
          .option("--edit", "open the message of one letter in $EDITOR, and return the edited copy")
          .option(
            "--with <file>",
            "return the message in this file of JSON (- for the input) in place of that of one letter",
          )
          .option("-n, --limit <number>", "stop after so many", countOption)
          .option("--rate <number>", "at most so many a second", countOption),
      ),
    ),
  ),
).action((ids: string[], args: RedriveArguments) => withLetters(args, (tool) => redrive(tool, ids, args)));

/** Redrives the letters that are named or selected, or an edited copy of one. */
export async function redrive(tool: LetterTool, ids: readonly string[], args: RedriveArguments): Promise<number> {
  const { letters } = tool;
  const by = args.who === undefined ? {} : { by: args.who };
  if (args.edit === true || args.with !== undefined) {
    const [id, another] = ids;
    if (id === undefined || another !== undefined) throw new CommandError("give the id of one letter to edit");
    return redriveEdited(tool, id, args);
  }
  return settle(tool, ids, args, {
    command: "redrive",
    verb: "redriven",
    options: args.rate === undefined ? "" : ` --rate ${args.rate}`,
    one: ({ stream, id }) => letters.redrive(stream, id, by),
    each: (stream, filter) => letters.redriveEach(stream, filter, by),
  });
}
