import type { StepKind } from "./step.js";

/** What happens at a step, other than that it takes effect and its process goes on. */
export type DeviationKind =
  /** The process dies before the step takes effect. */
  | "die-before"
  /** The step takes effect, and the process dies before it sees the result. */
  | "die-after"
  /** The step fails without an effect, and the handler sees the error. */
  | "fail"
  /** The step takes effect, and the handler sees an error nevertheless. */
  | "lose-reply"
  /** The process waits before the step. Its lease ends, and another process is given the message. */
  | "overtake"
  /** The process waits before the step, and the other one goes on. */
  | "switch"
  /** The process waits before the step, and is given the next message meanwhile. */
  | "next"
  /** The message is acknowledged and arrives once more. */
  | "repeat";

/** A deviation at a step, counted from 0 over all processes. */
export interface Deviation {
  readonly at: number;
  readonly kind: DeviationKind;
}

/** The deviations of a schedule from a clean run, in the order of their steps. */
export type Schedule = readonly Deviation[];

/** The kinds of deviation that make a difference at a step. */
export function deviationsAt(kind: StepKind, inTransaction: boolean): readonly DeviationKind[] {
  switch (kind) {
    case "start":
      return ["die-before", "overtake", "switch", "next"];
    case "begin":
      return ["overtake", "switch", "next"];
    case "acknowledge":
      return ["die-before", "repeat", "overtake", "switch", "next"];
    default:
      // Inside a transaction nothing has taken effect before the commit, so dying after a step is dying before the next.
      return inTransaction && kind !== "commit"
        ? ["die-before", "fail", "overtake", "switch"]
        : ["die-after", "die-before", "fail", "lose-reply", "overtake", "switch", "next"];
  }
}

/** A schedule as short text, for {@link parseSchedule}: `die-after@3 switch@7`. */
export function scheduleText(schedule: Schedule): string {
  return schedule.map(({ at, kind }) => `${kind}@${at}`).join(" ");
}

const KINDS: readonly DeviationKind[] = [
  "die-before",
  "die-after",
  "fail",
  "lose-reply",
  "overtake",
  "switch",
  "next",
  "repeat",
];

/** The schedule of a text, or `undefined` if it is none. */
export function parseSchedule(text: string): Schedule | undefined {
  const schedule: Deviation[] = [];
  for (const word of text.trim().split(/\s+/u)) {
    const [name, at, ...rest] = word.split("@");
    const kind = KINDS.find((known) => known === name);
    const step = Number(at);
    const isLater = step > (schedule.at(-1)?.at ?? -1);
    if (kind === undefined || !Number.isSafeInteger(step) || !isLater || rest.length > 0) return undefined;
    schedule.push({ at: step, kind });
  }
  return schedule;
}
