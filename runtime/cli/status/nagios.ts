import { printable } from "../../contract/printable.js";
import type { Problem } from "../../operations/diagnosis/problem.js";
import { serversOf } from "../../operations/status/servers.js";
import type { Status } from "../../operations/status/status.js";

/** What a plugin exits with. */
export const nagiosExit = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

type State = keyof typeof nagiosExit;

/** A status as the one line that a Nagios plugin prints: what is wrong, and performance data behind a bar. */
export function nagiosText(status: Status, problems: readonly Problem[]): string {
  const [worst] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const state = nagiosState(problems);
  const text =
    worst === undefined
      ? "all is well"
      : `${worst.sentence}${more}${worst.command === undefined ? "" : ` - ${worst.command}`}`;
  return `${lineOf(state, text)} | ${performance(status).join(" ")}`;
}

export function nagiosState(problems: readonly Problem[]): State {
  const worst = problems[0]?.severity;
  return worst === "critical" ? "critical" : worst === "warning" ? "warning" : "ok";
}

/** A line without performance data. */
export function lineOf(state: State, text: string): string {
  // A bar would begin the performance data.
  return `MERP ${state.toUpperCase()} - ${printable(text).replaceAll("|", "/")}`;
}

function performance(status: Status): readonly string[] {
  const { streams } = status;
  // What is not seen may be anything.
  const isWhole = status.unseen.length === 0;
  const masters = serversOf(status).flatMap(({ redis, isReplica }) => (isReplica ? [] : [redis]));
  const groups = streams.flatMap((stream) => stream.groups);
  const total = (values: readonly (number | null)[]): number | null =>
    values.reduce<number | null>(
      (sum, value) => (sum === null || value === null ? null : sum + value),
      isWhole ? 0 : null,
    );
  const greatest = (values: readonly (number | null)[]): number | null =>
    isWhole ? Math.max(0, ...values.map((value) => value ?? 0)) : null;
  return [
    value("lag", total(groups.map(({ lag }) => lag))),
    value("pending", total(groups.map(({ pending }) => pending))),
    value("oldest_pending", greatest(groups.map(({ oldestPendingMs }) => (oldestPendingMs ?? 0) / 1000)), "s"),
    value("parked", total(groups.map(({ parked }) => parked))),
    value("dead_letters", total(streams.map(({ letters }) => letters.open))),
    value("members_alive", total(groups.map(({ members }) => members.alive))),
    value("members_silent", total(groups.map(({ members }) => members.silent + members.dead))),
    value("memory", total(masters.map(({ usedMemoryBytes }) => usedMemoryBytes)), "B"),
    value("evicted_keys", total(masters.map(({ evictedKeys }) => evictedKeys)), "c"),
  ];
}

/** `U` is what is not known. */
function value(label: string, number: number | null, unit = ""): string {
  return number === null ? `${label}=U` : `${label}=${number}${unit};;;0`;
}
