import type { Command } from "commander";
import { countOf } from "../../operations/wording.js";
import type { OutboxOperations } from "../../postgres/outbox-operations.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { type DatabaseArguments, ofDatabase } from "../database.js";
import { exit, operatorCommand } from "../exit.js";
import { sinceOption } from "../time.js";
import { withGroups } from "../with-groups.js";
import { withOutbox } from "./tool.js";

interface RepublishArguments extends DatabaseArguments, ChangeArguments {
  readonly since: number;
}

/** `merp outbox republish` */
export const republishCommand: Command = changing(
  ofDatabase(
    operatorCommand(
      "republish",
      "publish again what Redis may have lost in a failover; what it still has stays as it is",
    ),
  ),
)
  .requiredOption("--since <time>", "what was published since: 10m (ago), or a time", sinceOption)
  .action((given: RepublishArguments) => withOutbox(given, (outbox) => republish(outbox, given)));

async function republish(outbox: OutboxOperations, given: RepublishArguments): Promise<number> {
  const since = new Date(given.since);
  const { known, forgotten } = await outbox.countSent(since);
  if (forgotten > 0) {
    const left = `${countOf(forgotten, "message")} that Redis would store twice: published longer ago than MESSAGE_TTL`;
    process.stderr.write(`left out: ${left}\n`);
  }
  if (known === 0) {
    const nothing = forgotten === 0 ? "nothing" : "nothing else";
    process.stderr.write(`nothing was done: ${nothing} is kept that was published since ${since.toISOString()}\n`);
    return exit.wrong;
  }
  if (!(await isConfirmed(`publish ${countOf(known, "message")} again?`, given))) return exit.wrong;
  const details = { since: since.toISOString() };
  const change = changeOf(given, { action: "outbox republish", target: "outbox", details });
  return withGroups(async ({ trail }) => {
    const outcome = await trail.recorded(change, async () => ({ count: await outbox.republish(since) }));
    process.stdout.write(`${countOf(outcome.count, "message")} to be published again\n`);
    return exit.fine;
  });
}
