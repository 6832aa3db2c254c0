import { type Command, InvalidArgumentError } from "commander";
import type { DeadLetterFilter } from "../../operations/index.js";
import { sinceOption } from "../time.js";

/** What selects dead letters. */
export interface SelectionArguments {
  readonly group?: string;
  readonly type?: string;
  readonly reason?: string;
  readonly cause?: string;
  readonly since?: number;
  readonly until?: number;
  readonly company?: string;
}

/** Adds the options that select dead letters. */
export function selecting(command: Command): Command {
  return command
    .option("--cause <id>", "those of this cause, as groups shows it", causeOption)
    .option("--group <name>", "those of this consumer group")
    .option("--type <type>", "those of this message type")
    .option("--reason <code>", "those whose last error has this code, or else this name")
    .option("--since <time>", "those that died since: 2h, 3d, or 2026-05-01T03:00:00Z", sinceOption)
    .option("--until <time>", "those that died before: 2h (ago), or a time", sinceOption)
    .option("--company <id>", "those whose message names this company; reads each that matches otherwise");
}

export function filterOf(args: SelectionArguments): DeadLetterFilter {
  const { group, type, reason, cause, since, until, company } = args;
  const moments = {
    since: since === undefined ? since : new Date(since),
    until: until === undefined ? until : new Date(until),
  };
  return { group, type, reason, cause, company, ...moments };
}

/** Whether anything is selected. */
export function selects(args: SelectionArguments): boolean {
  return Object.values(filterOf(args)).some((each) => each !== undefined);
}

/** The same selection as it is typed, for a command to copy. */
export function typed(args: SelectionArguments): string {
  const { since, until, ...texts } = args;
  const moments = { since: iso(since), until: iso(until) };
  const names = ["cause", "group", "type", "reason", "since", "until", "company"] as const;
  const all: Readonly<Record<string, string | undefined>> = { ...texts, ...moments };
  return names.flatMap((name) => (all[name] === undefined ? [] : [`--${name} ${quoted(all[name])}`])).join(" ");
}

/** A text as a shell takes it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function countOption(text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count > 0) return count;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

function causeOption(text: string): string {
  if (/^[0-9a-f]{10}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be ten hexadecimal digits: merp dead-letters groups shows them.");
}

function iso(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
