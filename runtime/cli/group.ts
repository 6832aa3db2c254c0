import { type Command, Option } from "commander";
import { printable } from "../contract/printable.js";
import type { RetireOptions, RetirePlan } from "../operations/groups/retirement.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { paint } from "./colour.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { withGroups } from "./with-groups.js";

interface RetireArguments extends ChangeArguments {
  readonly deadLetters?: "keep" | "discard";
  readonly force?: true;
}

const retireCommand: Command = changing(
  operatorCommand("retire", "remove a group that no service needs any more, with all that belongs to it"),
)
  .argument("<stream>", "its name: events")
  .argument("<group>", "the group: old-workers")
  .addOption(new Option("--dead-letters <what>", "what becomes of its open dead letters").choices(["keep", "discard"]))
  .option("--force", "remove it with what it has not handled")
  .action((stream: string, group: string, given: RetireArguments) => conclude(() => retire(stream, group, given)));

/** `merp group` */
export const groupCommand: Command = operatorCommand("group", "remove a group of a stream (group retire)").addCommand(
  retireCommand,
);

async function retire(stream: string, group: string, given: RetireArguments): Promise<number> {
  const { deadLetters, force } = given;
  return withGroups(async ({ groups, trail }) => {
    const plan = await groups.retirePlan(stream, group);
    print(describe(plan));
    const left = plan.hindrances.filter(({ kind }) => kind === "alive" || !isGivenUp(kind, given));
    if (left.length > 0) {
      for (const { text } of left) warn(`not retired: ${text}`);
      return exit.wrong;
    }
    if (!(await isConfirmed(`remove ${group} of ${stream}, for good?`, given))) return exit.wrong;
    const options: RetireOptions = { ...(deadLetters !== undefined && { deadLetters }), ...(force && { force }) };
    const change = changeOf(given, { action: "group retire", target: `${stream} ${group}`, details: { ...options } });
    const { discarded } = await trail.recorded(change, async () => ({
      ...(await groups.retire(stream, group, { ...options, by: change.who })),
    }));
    const discards = discarded === 1 ? "1 dead letter is" : `${discarded} dead letters are`;
    const letters = discarded === 0 ? "" : `; ${discards} discarded`;
    print(`retired ${group} of ${stream}${letters}`);
    return exit.fine;
  });
}

function isGivenUp(kind: "work" | "letters", { deadLetters, force }: RetireArguments): boolean {
  return kind === "work" ? force === true : deadLetters !== undefined;
}

function describe({
  stream,
  group,
  exists,
  alive,
  unread,
  pending,
  parked,
  redriven,
  openDeadLetters,
}: RetirePlan): string {
  return [
    `${group} of ${stream}${exists ? "" : " (the stream has it no more)"}`,
    `  living members     ${alive.length}`,
    `  unread             ${unread ?? "some"}`,
    `  pending            ${pending}${parked === 0 ? "" : `, ${parked} of them parked`}`,
    `  redriven           ${redriven}`,
    `  open dead letters  ${openDeadLetters}`,
  ].join("\n");
}

function print(text: string): void {
  for (const line of text.split("\n")) process.stdout.write(`${printable(line)}\n`);
}

function warn(text: string): void {
  process.stderr.write(`${paint("yellow", "warning:", process.stderr)} ${printable(text)}\n`);
}
