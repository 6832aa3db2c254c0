import type { Command } from "commander";
import { countOf } from "../../operations/wording.js";
import type { OutboxOperations, OutboxSelection } from "../../postgres/outbox-operations.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { CommandError, exit, operatorCommand } from "../exit.js";
import { withGroups } from "../with-groups.js";
import { placesOption } from "./place.js";
import { withOutbox } from "./tool.js";

interface SettleArguments extends DatabaseArguments, ChangeArguments {
  readonly all?: true;
  readonly type?: string;
}

/** `merp outbox retry` */
export const retryCommand: Command = settling(
  operatorCommand("retry", "have what was refused published after all, when its cause is mended"),
  "retry",
  "to be published again",
);

/** `merp outbox discard` */
export const discardCommand: Command = settling(
  operatorCommand("discard", "remove messages from the outbox for good, unpublished"),
  "discard",
  "discarded",
);

function settling(command: Command, verb: "retry" | "discard", done: string): Command {
  return changing(ofDatabase(command))
    .argument("[place...]", "the places of messages, as merp outbox list has them", placesOption)
    .option("--all", "every message that was refused")
    .option("-t, --type <type>", "those of this type that were refused")
    .action((places: readonly string[], given: SettleArguments) =>
      withOutbox(given, (outbox) => settle(outbox, { verb, done, places, given })),
    );
}

async function settle(
  outbox: OutboxOperations,
  {
    verb,
    done,
    places,
    given,
  }: { verb: "retry" | "discard"; done: string; places: readonly string[]; given: SettleArguments },
): Promise<number> {
  const selection = selectionOf(places, given);
  const count = await outbox.count(selection);
  if (count === 0) {
    process.stderr.write("nothing was done: the outbox has no such message\n");
    return exit.wrong;
  }
  const question = `${verb} ${countOf(count, "message")} of the outbox${verb === "discard" ? ", for good" : ""}?`;
  if (!(await isConfirmed(question, given))) return exit.wrong;
  const change = changeOf(given, { action: `outbox ${verb}`, target: "outbox", details: { ...selection } });
  return withGroups(async ({ trail }) => {
    const outcome = await trail.recorded(change, async () => ({ count: await outbox[verb](selection) }));
    process.stdout.write(`${countOf(outcome.count, "message")} ${done}\n`);
    return exit.fine;
  });
}

function selectionOf(places: readonly string[], { all, type }: SettleArguments): OutboxSelection {
  if (places.length > 0 && (all === true || type !== undefined)) {
    throw new CommandError("name places, or select by --all or --type, not both");
  }
  if (places.length > 0) return { places };
  if (all !== true && type === undefined) {
    throw new CommandError("which messages? Name their places, or give --type <type> or --all");
  }
  return { refused: true, type };
}
