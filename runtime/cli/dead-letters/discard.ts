import type { Command } from "commander";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { changing } from "../change.js";
import { CommandError, operatorCommand } from "../exit.js";
import { countOption, quoted, selecting } from "./selection.js";
import { type SettleArguments, settle } from "./settle.js";
import { type LetterTool, ofStreams, withLetters } from "./tool.js";

type DiscardArguments = SettleArguments & CatalogueArguments;

/** `merp dead-letters discard` */
export const discardCommand: Command = readingMessages(
  changing(
    selecting(
      ofStreams(
        operatorCommand(
          "discard",
          "set dead letters aside, with a reason (--why): they stay on record, and are not redriven",
        )
          .argument("[id...]", "ids of letters, messages or entries")
          .option("--all", "every open letter, where nothing else selects them")
          .option("-n, --limit <number>", "stop after so many", countOption),
      ),
    ),
  ),
).action((ids: string[], args: DiscardArguments) => withLetters(args, (tool) => discard(tool, ids, args)));

/** Discards the letters that are named or selected. */
export async function discard(tool: LetterTool, ids: readonly string[], args: DiscardArguments): Promise<number> {
  const { letters } = tool;
  const { why, who } = args;
  if (why === undefined || why.trim() === "") {
    throw new CommandError("say why they are discarded: --why <text>, which is kept with them");
  }
  const by = who === undefined ? {} : { by: who };
  return settle(tool, ids, args, {
    command: "discard",
    verb: "discarded",
    options: ` --why ${quoted(why)}`,
    one: ({ stream, id }) => letters.discard(stream, id, why, by),
    each: (stream, filter) => letters.discardEach(stream, filter, why, by),
  });
}
