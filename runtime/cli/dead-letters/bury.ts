import type { Command } from "commander";
import { entryIdIn } from "../../broker/entry-id.js";
import { printable } from "../../contract/printable.js";
import { MessagingError } from "../../errors.js";
import type { Buried } from "../../operations/groups/burial.js";
import { shellWord } from "../../operations/wording.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { CommandError, conclude, exit, operatorCommand } from "../exit.js";
import { withGroups } from "../with-groups.js";

/** `merp dead-letters bury` */
export const buryCommand: Command = changing(
  operatorCommand("bury", "make a dead letter now of an entry that kills its processes, or whose handler does not end"),
)
  .argument("<stream>", "its name: events")
  .argument("<group>", "the group: billing-workers")
  .argument("<entry-id>", "the entry, as merp status names it: 1700000000000-0")
  .action((...[stream, group, id, given]: [string, string, string, ChangeArguments]) =>
    conclude(() => buryEntry({ stream, group, id }, given)),
  );

interface Entry {
  readonly stream: string;
  readonly group: string;
  readonly id: string;
}

async function buryEntry({ stream, group, id: text }: Entry, given: ChangeArguments): Promise<number> {
  const id = entryIdIn(text);
  if (id === undefined)
    throw new CommandError(`give the id of an entry (1700000000000-0), got ${JSON.stringify(text)}`);
  const question = `move ${id} of ${stream} to the dead letters of ${group}, though a member may work on it?`;
  if (!(await isConfirmed(question, given))) return exit.wrong;
  const change = changeOf(given, { action: "dead-letters bury", target: `${stream} ${group}`, details: { id } });
  const { who: by, why } = change;
  try {
    const buried = await withGroups(({ groups, trail }) =>
      trail.recorded(change, async () => ({ ...(await groups.bury(stream, group, id, { by, ...(why && { why }) })) })),
    );
    tell({ stream, group, id }, buried);
    return exit.fine;
  } catch (error) {
    if (!(error instanceof MessagingError) || error.code !== "ENTRY_SETTLED") throw error;
    process.stderr.write(`nothing was done: ${error.message}\n`);
    return exit.wrong;
  }
}

function tell({ stream, group, id }: Entry, { letterId, consumer, attempts }: Buried): void {
  const times = attempts === 1 ? "once" : `${attempts} times`;
  const done = `${id} is the dead letter ${letterId} of ${group} now; ${consumer} had it, it was delivered ${times}`;
  const next = `when its handler is mended: merp dead-letters redrive ${letterId} --stream ${shellWord(stream)}`;
  process.stdout.write(`${printable(done)}\n${printable(next)}\n`);
}
