import type { Command } from "commander";
import type { Publishable } from "../contract/descriptor.js";
import { descriptorsOf } from "./catalogue.js";
import { conclude, exit } from "./exit.js";
import {
  changingMessages,
  checkedDraft,
  describedAs,
  type MessageArguments,
  sourceOf,
  writingMessage,
} from "./message-change.js";
import { write } from "./output.js";

/** `merp publish` */
export const publishCommand: Command = writingMessage("publish", "publish one event, notification or health message")
  .argument("<type>", "its type, such as user.created")
  .addHelpText(
    "after",
    `
On a terminal, without --file and --example, what its contract requires is asked for.
Examples:
  merp publish user.deleted --set entity_id=7 --dry-run
  merp publish user.created --example --set after_data.email=ada@example.com --yes`,
  )
  .action((type: string, given: MessageArguments) => conclude(() => runPublish(type, given)));

async function runPublish(type: string, given: MessageArguments): Promise<number> {
  const descriptor = describedAs(
    await descriptorsOf(given),
    { type, stream: given.stream },
    {
      isMeant: ({ kind }) => kind !== "command",
      otherwise: `${type} is a command: it is sent to one service, by merp send, or by send or tell of a service's messaging`,
    },
  ) as Publishable;
  const draft = await checkedDraft(descriptor, given, { done: "published" });
  if (typeof draft === "number") return draft;
  const { publishDraft } = await import("../operations/messages/draft.js");
  const published = await changingMessages({ action: "publish", descriptor }, given, async (extensions) => {
    const { id, entryId } = await publishDraft(descriptor, draft, { service: sourceOf(given), extensions });
    return { id, entryId };
  });
  if (published === undefined) return exit.wrong;
  const { id, entryId } = published.result;
  const named = id === undefined ? "" : `, id ${id}`;
  await write(
    `published ${type} to ${published.place} as ${entryId}${named}\nmerp explain ${entryId} tells what becomes of it\n`,
  );
  return exit.fine;
}
