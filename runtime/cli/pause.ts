import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { printable } from "../contract/printable.js";
import type { Paused, PausedGroup } from "../operations/groups/paused-group.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { paint } from "./colour.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { durationOption, untilOption } from "./time.js";
import { tellUnseen } from "./unseen.js";
import { type GroupTools, withGroups } from "./with-groups.js";

interface PauseArguments extends ChangeArguments {
  readonly type?: string;
  readonly until?: End;
}

/** A length of time counts by Redis' clock, which this machine's need not agree with. */
type End = { readonly forSeconds: number } | { readonly until: Date };

/** A member looks once a second. */
const HEEDED_WITHIN_MS = 2500;
const LOOK_EVERY_MS = 250;

/** `merp pause` */
export const pauseCommand: Command = changing(
  operatorCommand(
    "pause",
    "stop a group of a stream, or one type of it, until it is resumed; handlers that run finish",
  ),
)
  .argument("<stream>", "its name: events")
  .argument("<group>", "the group: billing-workers")
  .option("--type <type>", "one type, as it stands in the entries")
  .option("--until <time>", "when it ends by itself: 10m, 2h, or a time such as 2026-05-01T03:00:00Z", endOf)
  .action((stream: string, group: string, given: PauseArguments) =>
    conclude(() => withGroups((tools) => pause(tools, [stream, group], given))),
  );

/** `merp resume` */
export const resumeCommand: Command = changing(
  operatorCommand("resume", "let a paused group go on, with all of its types, or one type of it"),
)
  .argument("<stream>", "its name: events")
  .argument("<group>", "the group: billing-workers")
  .option("--type <type>", "one type, as it stands in the entries")
  .action((stream: string, group: string, given: PauseArguments) =>
    conclude(() => withGroups((tools) => resume(tools, [stream, group], given))),
  );

/** `merp paused` */
export const pausedCommand: Command = operatorCommand("paused", "list what is paused, and which members heed it")
  .argument("[stream]", "its name: events (the four of M-ERP)")
  .option("--json", "print a line of JSON for each group")
  .action((stream: string | undefined, { json }: { readonly json?: true }) =>
    conclude(() => withGroups((tools) => list(tools, stream, json === true))),
  );

type Place = readonly [stream: string, group: string];

async function pause({ groups, trail }: GroupTools, place: Place, given: PauseArguments): Promise<number> {
  const { type, until: end, why } = given;
  const what = nameOf(place, type);
  if (!(await isConfirmed(`pause ${what}?`, given))) return exit.wrong;
  const change = changeOf(given, { action: "pause", target: place.join(" "), details: { type, ...end } });
  const reason = { by: change.who, ...(type !== undefined && { type }), ...(why !== undefined && { why }) };
  const { until, advice } = await trail.recorded(change, async () => ({
    ...(await groups.pause(...place, { ...reason, ...end })),
  }));
  print(`paused ${what} ${until === undefined ? "until merp resume" : `until ${until}`}`);
  for (const sentence of advice) warn(sentence);
  return heeded(groups, place);
}

/** Waits until every living member has learned it, but not for long. */
async function heeded(groups: GroupTools["groups"], [stream, group]: Place): Promise<number> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const found = (await groups.paused(stream)).find((each) => each.group === group);
    // A short pause may be over.
    if (found === undefined) return exit.fine;
    if (found.ignoring.length === 0 || waitedMs >= HEEDED_WITHIN_MS) return tellMembers(found);
    await sleep(LOOK_EVERY_MS);
  }
}

async function resume({ groups, trail }: GroupTools, place: Place, given: PauseArguments): Promise<number> {
  const { type } = given;
  const what = nameOf(place, type);
  if (!(await isConfirmed(`resume ${what}?`, given))) return exit.wrong;
  const change = changeOf(given, { action: "resume", target: place.join(" "), details: { type } });
  const { resumed, released, paused } = await trail.recorded(change, async () => ({
    ...(await groups.resume(...place, type === undefined ? {} : { type })),
  }));
  if (resumed.length === 0) warn(`nothing of ${what} was paused`);
  for (const each of resumed) print(`resumed ${nameOf(place, each.type)}`);
  if (released > 0) print(`${released} entries that waited are due now`);
  for (const each of paused) print(describe(each));
  return resumed.length === 0 ? exit.wrong : exit.fine;
}

async function list({ groups }: GroupTools, stream: string | undefined, isJson: boolean): Promise<number> {
  const { found, unseen } = await groups.seenPaused(stream);
  if (isJson) {
    for (const each of found) print(JSON.stringify(each));
    return Math.max(tellUnseen(unseen), found.some(({ ignoring }) => ignoring.length > 0) ? exit.wrong : exit.fine);
  }
  let code: number = tellUnseen(unseen);
  if (found.length === 0) print(unseen.length === 0 ? "nothing is paused" : "nothing is paused in the other streams");
  for (const each of found) {
    for (const pause of each.pauses) print(describe(pause));
    code = Math.max(code, tellMembers(each));
  }
  return code;
}

function describe({ stream, group, type, until, since, by, why }: Paused): string {
  const what = nameOf([stream, group], type);
  const began = since === undefined ? "" : ` since ${since}`;
  const end = until === undefined ? "until merp resume" : `until ${until}`;
  return `${what} is paused${began} ${end}${by === "" ? "" : `, by ${by}`}${why === undefined ? "" : `: ${why}`}`;
}

function tellMembers({ heeding, ignoring, held }: PausedGroup): number {
  if (held > 0) print(`  ${held} entries of paused types are parked`);
  print(`  ${heeding.length} ${heeding.length === 1 ? "member heeds" : "members heed"} it`);
  if (ignoring.length === 0) return exit.fine;
  warn(`ignored by ${ignoring.join(", ")}: of an older version, or without an answer from Redis; they handle on`);
  return exit.wrong;
}

function nameOf([stream, group]: Place, type: string | undefined): string {
  return `${type === undefined ? "" : `${type} of `}${group} of ${stream}`;
}

function endOf(text: string): End {
  const until = untilOption(text);
  if (/^\d{4}-/.test(text)) return { until: new Date(until) };
  return { forSeconds: durationOption(text) / 1000 };
}

function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

function warn(text: string): void {
  process.stderr.write(`${paint("yellow", "warning:", process.stderr)} ${printable(text)}\n`);
}
