import { type Command, InvalidArgumentError } from "commander";
import type { PartitionPlan, PartitionState } from "../broker/partition-control.js";
import { printable } from "../contract/printable.js";
import type { Partitions } from "../operations/partitions/partitions.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { paint } from "./colour.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { table } from "./table.js";
import { tellUnseen } from "./unseen.js";
import { withGroups } from "./with-groups.js";

interface PartitionsArguments extends ChangeArguments {
  readonly force?: true;
  readonly json?: true;
}

/** `merp partitions` */
export const partitionsCommand: Command = changing(
  operatorCommand("partitions", "list the partitions of a stream, or give it another number of them"),
)
  .argument("<stream>", "its name: events")
  .argument("[number]", "how many it is to have, 16 to begin with (none: list them)", countOf)
  .option("--force", "do it although members read, or entries wait")
  .option("--json", "print them as a line of JSON")
  .action((stream: string, count: number | undefined, given: PartitionsArguments) =>
    conclude(() =>
      withGroups(async ({ partitions, trail }) => {
        if (count === undefined) return list(partitions, stream, given.json === true);
        const plan = await partitions.plan(stream, count);
        if (!mayGoOn(plan, given)) return exit.wrong;
        if (!(await isConfirmed(`give ${plan.stream} ${count} partitions?`, given))) return exit.wrong;
        const details = { partitions: count, ...(given.force && { force: true }) };
        const change = changeOf(given, { action: "partitions", target: stream, details });
        await trail.recorded(change, async () => {
          const { before, after } = await partitions.set(stream, count, given);
          return { before: before.streams.length, after: after.streams.length, retired: after.retired };
        });
        print(`${plan.stream} has ${count === 1 ? "1 partition" : `${count} partitions`} now: start its services`);
        return exit.fine;
      }),
    ),
  );

/** Tells what hinders it. */
function mayGoOn({ stream, before, after, hindrances }: PartitionPlan, { force }: PartitionsArguments): boolean {
  const now = before.streams.length;
  print(`${stream} has ${now === 1 ? "1 partition" : `${now} partitions`}`);
  for (const { text } of hindrances) warn(force ? text : `nothing was done: ${text}`);
  if (after.retired.length > 0) {
    print(
      `${after.retired.length} retired partitions are still read: repeat this after 20 s to drop those that are empty`,
    );
  }
  return force === true || hindrances.length === 0;
}

async function list(partitions: Partitions, stream: string, isJson: boolean): Promise<number> {
  const { found: states, unseen } = await partitions.seen(stream);
  if (isJson) print(JSON.stringify(states));
  else process.stdout.write(table(["partition", "group", "unread", "pending", "owner"], states.flatMap(rowsOf)));
  const unowned = states.flatMap(({ groups }) => groups).filter(({ owner }) => owner === undefined);
  const code = tellUnseen(unseen);
  if (states.length + unseen.length === 1 || unowned.length === 0) return code;
  const groups = [...new Set(unowned.map(({ group }) => group))].join(", ");
  warn(`${unowned.length} have no owner, of ${groups}: start a service of the group; it takes them within a second`);
  return Math.max(code, exit.wrong);
}

function rowsOf({ stream, isRetired, groups }: PartitionState): readonly (readonly (string | number)[])[] {
  const name = isRetired ? `${stream} (retired)` : stream;
  if (groups.length === 0) return [[name, "none", 0, 0, ""]];
  return groups.map(({ group, lag, pending, owner = "none" }) => [name, group, lag ?? "some", pending, owner]);
}

function countOf(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("give a whole number, such as 16.");
  return Number(text);
}

function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

function warn(text: string): void {
  process.stderr.write(`${paint("yellow", "warning:", process.stderr)} ${printable(text)}\n`);
}
