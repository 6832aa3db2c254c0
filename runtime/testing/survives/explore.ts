import { randomOf } from "../random.js";
import type { Run } from "./run.js";
import type { Schedule } from "./schedule.js";

/** A schedule after which not all is as after a clean run. */
export interface Failure {
  readonly run: Run;
  /** The differences, in sentences. */
  readonly differences: readonly string[];
}

/** What was tried. */
export interface Exploration {
  /** The number of schedules. */
  readonly schedules: number;
  /** Every schedule with so many deviations or fewer was tried. */
  readonly exhaustive: number;
  readonly failure: Failure | undefined;
}

/** How far to go. */
export interface Bounds {
  readonly schedules: number;
  readonly seed: number;
}

/** So many deviations a random schedule has at most. */
const MOST_DEVIATIONS = 5;

type Try = (schedule: Schedule) => Promise<{ readonly run: Run; readonly differences: readonly string[] }>;

/**
 * Tries every schedule with one deviation from the clean run, then with two, and so on, for as long as all of a number fit
 * into the bound; the rest of it is random. So a failure that is found first has the fewest deviations; among those with
 * equally many the one with the fewest events is chosen.
 */
export async function explore(clean: Run, attempt: Try, bounds: Bounds): Promise<Exploration> {
  let schedules = 0;
  let parents: readonly Run[] = [clean];
  for (let deviations = 1; ; deviations++) {
    const next = parents.flatMap((parent) => extensionsOf(parent));
    if (next.length === 0) return { schedules, exhaustive: Number.POSITIVE_INFINITY, failure: undefined };
    if (deviations > 1 && schedules + next.length > bounds.schedules) {
      const found = await sample(parents, attempt, { ...bounds, schedules: Math.max(0, bounds.schedules - schedules) });
      return { schedules: schedules + found.tried, exhaustive: deviations - 1, failure: found.failure };
    }
    const tried: Failure[] = [];
    for (const schedule of next) tried.push(await attempt(schedule));
    schedules += next.length;
    const failure = shortest(tried.filter(({ differences }) => differences.length > 0));
    if (failure !== undefined) return { schedules, exhaustive: deviations, failure };
    parents = tried.map(({ run }) => run);
  }
}

/** The schedules with one more deviation, after the last of a run's own. */
function extensionsOf({ schedule, choices }: Run): readonly Schedule[] {
  const first = (schedule.at(-1)?.at ?? -1) + 1;
  return choices
    .slice(first)
    .flatMap((kinds, offset) => kinds.map((kind) => [...schedule, { at: first + offset, kind }]));
}

function shortest(failures: readonly Failure[]): Failure | undefined {
  return failures.toSorted((one, other) => one.run.story.length - other.run.story.length)[0];
}

/** Extends schedules by random deviations, and makes a failure as short as can be. */
async function sample(
  parents: readonly Run[],
  attempt: Try,
  { schedules, seed }: Bounds,
): Promise<{ readonly tried: number; readonly failure: Failure | undefined }> {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
  for (let tried = 0; tried < schedules; ) {
    let run = pick(parents) as Run;
    while (tried < schedules && run.schedule.length < MOST_DEVIATIONS) {
      const schedule = pick(extensionsOf(run));
      if (schedule === undefined) break;
      const found = await attempt(schedule);
      tried++;
      if (found.differences.length > 0) return { tried, failure: await shrunk(found, attempt) };
      run = found.run;
    }
  }
  return { tried: schedules, failure: undefined };
}

/** Leaves out deviations for as long as what is left fails. */
async function shrunk(failure: Failure, attempt: Try): Promise<Failure> {
  const { schedule } = failure.run;
  for (const left of schedule) {
    const found = await attempt(schedule.filter((one) => one !== left));
    if (found.differences.length > 0) return shrunk(found, attempt);
  }
  return failure;
}
