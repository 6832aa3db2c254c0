import type { JournalLine } from "./journal.js";

/** What one consumer did, or what was done to it. */
export interface Step extends JournalLine {
  readonly by: string;
}

/** What the consumers of one group did with the messages of its entities, in the order in which it happened. */
export interface Course {
  /**
   * The stories of messages that began after a later one of their entity had. One that was handled before may come again in
   * another process, with those after it.
   */
  readonly inversions: readonly string[];
  /** The stories of messages that began while another one of their entity ran in the same process. */
  readonly overlaps: readonly string[];
  /** By consumer, how many messages it handled at once at most. */
  readonly mostAtOnce: ReadonlyMap<string, number>;
}

/** Of more of a kind only the heading is told. */
const MOST_STORIES = 5;
/** What was noted so long before the first step of a story belongs to it. */
const BEFORE_MS = 6000;

/** @param steps - those of the members of one group, and notes, in any order */
export function courseOf(steps: readonly Step[], entityOf: (serial: number) => number): Course {
  const inTime = steps.toSorted((one, other) => one.instant - other.instant);
  const storyOf = storyteller(inTime, entityOf);
  const last = new Map<string, number>();
  const handled = new Set<number>();
  const running = new Map<string, Set<number>>();
  const mostAtOnce = new Map<string, number>();
  const inversions: string[] = [];
  const overlaps: string[] = [];
  for (const step of inTime) {
    const { by, mark, serial } = step;
    const here = running.get(by) ?? new Set();
    running.set(by, here);
    here.delete(serial);
    if (mark === "handled") handled.add(serial);
    if (mark !== "begun") continue;
    const entity = entityOf(serial);
    const [anywhere, inHere] = [`${entity}`, `${entity} ${by}`];
    const latest = last.get(handled.has(serial) ? inHere : anywhere) ?? 0;
    if (serial < latest) inversions.push(storyOf(step, latest, inversions.length));
    for (const place of [anywhere, inHere]) last.set(place, Math.max(serial, last.get(place) ?? 0));
    const other = [...here].find((each) => entityOf(each) === entity);
    if (other !== undefined) overlaps.push(storyOf(step, other, overlaps.length));
    here.add(serial);
    mostAtOnce.set(by, Math.max(here.size, mostAtOnce.get(by) ?? 0));
  }
  return { inversions, overlaps, mostAtOnce };
}

/** Tells how a message came to begin after, or beside, another one: all that happened to its entity since, and all notes. */
function storyteller(inTime: readonly Step[], entityOf: (serial: number) => number) {
  return (begun: Step, other: number, told: number): string => {
    const entity = entityOf(begun.serial);
    const heading = `${begun.serial} of entity ${entity} began in ${begun.by} after ${other} had`;
    if (told >= MOST_STORIES) return heading;
    const isOfBoth = ({ serial, mark }: Step): boolean =>
      mark !== "noted" && (serial === begun.serial || serial === other);
    const from = inTime.find(isOfBoth)?.instant ?? begun.instant;
    const to = inTime.findLast((step) => isOfBoth(step) && step.by === begun.by)?.instant ?? begun.instant;
    const lines = inTime
      .filter(({ instant }) => instant >= from - BEFORE_MS && instant <= to)
      .filter((step) => step.mark === "noted" || (step.instant >= from && entityOf(step.serial) === entity))
      .map((step) => lineOf(step, begun));
    return [heading, ...lines].join("\n");
  };
}

/** With its time in relation to the step that the story is about. */
function lineOf(step: Step, about: Step): string {
  const { by, mark, serial, attempt, text, instant } = step;
  const what = mark === "noted" ? text : `${mark} ${serial} (${text}, attempt ${attempt})`;
  return `${step === about ? ">" : " "} ${(instant - about.instant).toFixed(1).padStart(9)} ms  ${by.padEnd(10)} ${what}`;
}
