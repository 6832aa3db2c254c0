import type { Command } from "commander";
import { printable } from "../../contract/printable.js";
import type { OutboxOperations } from "../../postgres/outbox-operations.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "../catalogue.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { CommandError, exit, operatorCommand } from "../exit.js";
import { messageBody } from "../message-line.js";
import { placeOption } from "./place.js";
import { withOutbox } from "./tool.js";

interface ShowArguments extends DatabaseArguments, CatalogueArguments {
  readonly unmasked?: true;
}

/** `merp outbox show` */
export const showCommand: Command = ofDatabase(
  readingMessages(operatorCommand("show", "show a message of the outbox, and why it cannot be published")),
)
  .argument("<place>", "its place, as merp outbox list has it", placeOption)
  .option("--unmasked", "show sensitive values")
  .action((place: string, given: ShowArguments) => withOutbox(given, (outbox) => show(outbox, place, given)));

async function show(outbox: OutboxOperations, place: string, given: ShowArguments): Promise<number> {
  const message = await outbox.get(place);
  if (message === undefined) {
    throw new CommandError(
      `the outbox has no message at place ${place}: it was published or discarded; merp outbox list`,
    );
  }
  const { MessageReader } = await import("../../operations/messages/message-reader.js");
  const { type, stream, key, id, writtenAt, refusal, entry } = message;
  const lines = [
    `${type} ${id}`,
    `  stream   ${stream}`,
    `  key      ${key}`,
    `  written  ${writtenAt}`,
    refusal === undefined ? "  it waits to be published" : `  refused  ${refusal}`,
  ];
  for (const line of lines) process.stdout.write(`${printable(line)}\n`);
  if (entry === undefined) {
    process.stdout.write("  its entry is not a list of texts\n");
    return exit.fine;
  }
  const reader = new MessageReader(await descriptorsOf(given), { unmasked: given.unmasked === true });
  const shown = reader.read({ id: "0-0", fields: entry }, stream.split(":").at(-1) as string);
  process.stdout.write(messageBody(shown));
  return exit.fine;
}
