import type { Command } from "commander";
import { printable } from "../contract/printable.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { withGroups } from "./with-groups.js";

interface RetryArguments extends ChangeArguments {
  readonly type?: string;
  readonly id?: string;
}

const nowCommand: Command = changing(operatorCommand("now", "have what waits for a retry be due at once"))
  .argument("<stream>", "its name: events")
  .argument("<group>", "the group: billing-workers")
  .option("--type <type>", "those of one type, as it stands in the entries")
  .option("--id <entry-id>", "one entry")
  .action((stream: string, group: string, given: RetryArguments) => conclude(() => retryNow(stream, group, given)));

/** `merp retry` */
export const retryCommand: Command = operatorCommand(
  "retry",
  "retry at once what waits for a retry (retry now)",
).addCommand(nowCommand);

async function retryNow(stream: string, group: string, given: RetryArguments): Promise<number> {
  const { type, id } = given;
  const what = `${id ?? (type === undefined ? "all" : `all ${type}`)} that waits for a retry in ${group} of ${stream}`;
  if (!(await isConfirmed(`retry ${what} now?`, given))) return exit.wrong;
  const options = { ...(type !== undefined && { type }), ...(id !== undefined && { id }) };
  const change = changeOf(given, { action: "retry now", target: `${stream} ${group}`, details: options });
  const { count } = await withGroups(({ groups, trail }) =>
    trail.recorded(change, async () => ({ count: await groups.retryNow(stream, group, options) })),
  );
  const due = count === 1 ? "1 entry is due now" : `${count} entries are due now`;
  process.stdout.write(`${printable(count === 0 ? `nothing of ${group} waits for a retry there` : due)}\n`);
  return exit.fine;
}
