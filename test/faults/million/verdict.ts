import { BEGUN, FAILED, HANDLED, type MessageStep } from "./steps.js";

/** From when until when, in ms of {@link MessageStep.at}. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** What was done to one member. */
export interface Fate {
  /** From the signal until it was seen to have ended; nothing while it lives. */
  readonly killed: Span | undefined;
  /** For how long its process stood still. */
  readonly stops: readonly Span[];
}

/** When Redis refused to settle entries of some streams, or may have undone that. */
export interface Disturbance extends Span {
  readonly streams: readonly string[];
}

export interface Evidence {
  readonly fates: readonly Fate[];
  /** Replacements of masters, which may undo what these did last. */
  readonly undoings: readonly Disturbance[];
  /** Moves of slots, which undo nothing. */
  readonly moves: readonly Disturbance[];
  readonly entityOf: (serial: number) => number;
  readonly streamOf: (serial: number) => string;
}

/** How a group stands. */
export interface Verdict {
  /** How many different messages it handled. */
  readonly handled: number;
  /** What was handled again, by its cause. */
  readonly again: { killed: number; stopped: number; failover: number; unexplained: number };
  /** Messages that began beside another one of their entity, which a stopped process was in the middle of. */
  readonly besideStopped: number;
  /** Messages that began beside another one of their entity, with no such excuse. */
  readonly overlaps: number;
  /** Messages that first began after a later one of their entity had begun. */
  readonly inversions: number;
  /** How many messages began again, be it because they had failed. */
  readonly begunAgain: number;
  /** Messages that a process began again after a later one of their entity, which no failover had undone. */
  readonly againInversions: number;
  /** Some of what should not be, in words. */
  readonly stories: readonly string[];
}

/** A signal takes a moment to arrive. */
const SLACK_MS = 200;
/** What was handled so long before a kill or a stop has surely been acknowledged, unless Redis refused that. */
const SETTLED_MS = 2000;
/** So much of what a master did last its replica may lack. */
const LAG_MS = 5000;
const MOST_STORIES = 10;

type Run = Omit<MessageStep, "mark">;

/** Judges what the members of a group did, step by step in the order of time. */
export class Judge {
  readonly #evidence: Evidence;
  readonly #again = { killed: 0, stopped: 0, failover: 0, unexplained: 0 };
  readonly #stories: string[] = [];
  /** By serial number, the last handling. */
  readonly #handled = new Map<number, Run>();
  readonly #begun = new Set<number>();
  /** By entity, the last message that began anywhere. */
  readonly #last = new Map<number, number>();
  /** By member and entity, the same of that member. */
  readonly #lastHere = new Map<string, number>();
  /** By entity, the handlers that run. */
  readonly #running = new Map<number, Run[]>();
  #besideStopped = 0;
  #overlaps = 0;
  #inversions = 0;
  #begunAgain = 0;
  #againInversions = 0;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  judge(steps: Iterable<MessageStep>): Verdict {
    for (const step of steps) {
      if (step.mark === BEGUN) this.#begins(step);
      else this.#ends(step);
    }
    return {
      handled: this.#handled.size,
      again: this.#again,
      besideStopped: this.#besideStopped,
      overlaps: this.#overlaps,
      inversions: this.#inversions,
      begunAgain: this.#begunAgain,
      againInversions: this.#againInversions,
      stories: this.#stories,
    };
  }

  #begins({ serial, by, at, stored }: MessageStep): void {
    const entity = this.#evidence.entityOf(serial);
    this.#besides(entity, { serial, by, at, stored });
    const here = `${by} ${entity}`;
    const [last, lastHere] = [this.#last.get(entity) ?? 0, this.#lastHere.get(here) ?? 0];
    if (!this.#begun.has(serial)) {
      this.#begun.add(serial);
      if (serial < last) {
        this.#inversions++;
        this.#tell(`${serial} of entity ${entity} first began after ${last}, in member ${by} at ${at}`);
      }
    } else {
      this.#begunAgain++;
      if (serial < lastHere && !this.#isUndone(serial, at)) {
        this.#againInversions++;
        this.#tell(`${serial} of entity ${entity} began again after ${lastHere}, in member ${by} at ${at}`);
      }
    }
    this.#last.set(entity, Math.max(last, serial));
    this.#lastHere.set(here, Math.max(lastHere, serial));
  }

  #besides(entity: number, run: Run): void {
    const { fates } = this.#evidence;
    const running = (this.#running.get(entity) ?? []).filter(
      ({ by }) => (fates[by]?.killed?.until ?? run.at) >= run.at,
    );
    for (const other of running) {
      if (this.#isStopped(other.by, other.at, run.at)) this.#besideStopped++;
      else {
        this.#overlaps++;
        this.#tell(
          `${run.serial} of entity ${entity} began in member ${run.by} at ${run.at}, beside ${other.serial} in ${other.by} since ${other.at}`,
        );
      }
    }
    this.#running.set(entity, [...running, run]);
  }

  #ends({ mark, ...run }: MessageStep): void {
    const { serial, by, at } = run;
    const entity = this.#evidence.entityOf(serial);
    const running = this.#running.get(entity) ?? [];
    const begun = running.find((each) => each.by === by && each.serial === serial)?.at ?? at;
    this.#running.set(
      entity,
      running.filter((each) => each.by !== by || each.serial !== serial),
    );
    if (mark === FAILED) return;
    const earlier = this.#handled.get(serial);
    if (earlier !== undefined) this.#again[this.#causeOf(earlier, run, begun)]++;
    if (mark === HANDLED) this.#handled.set(serial, run);
  }

  #causeOf(earlier: Run, later: Run, laterBegan: number): keyof Verdict["again"] {
    const killed = this.#evidence.fates[earlier.by]?.killed;
    const settledAt = this.#settledAt(earlier);
    if (killed && earlier.at <= killed.until + SLACK_MS && settledAt >= killed.from) return "killed";
    if (this.#isStopped(earlier.by, earlier.at, settledAt)) return "stopped";
    if (this.#isStopped(later.by, laterBegan, later.at)) return "stopped";
    if (this.#isUndone(earlier.serial, later.at, earlier.at)) return "failover";
    // A member had read it already when it was undone, and it was published again.
    const isAnother = later.stored > earlier.stored;
    if (isAnother && this.#isUndone(earlier.serial, later.stored, earlier.stored)) return "failover";
    this.#tell(
      `${earlier.serial} was handled by member ${earlier.by} at ${earlier.at}, and by ${later.by} at ${later.at}`,
    );
    return "unexplained";
  }

  /** When its acknowledgement must have been confirmed. */
  #settledAt({ serial, at }: Run): number {
    const stream = this.#evidence.streamOf(serial);
    const disturbed = [...this.#evidence.undoings, ...this.#evidence.moves].filter(
      ({ from, until, streams }) => streams.includes(stream) && at >= from - SETTLED_MS && at <= until,
    );
    return Math.max(at, ...disturbed.map(({ until }) => until)) + SETTLED_MS;
  }

  #isStopped(by: number, from: number, until: number): boolean {
    const stops = this.#evidence.fates[by]?.stops ?? [];
    return stops.some((stop) => stop.from <= until + SLACK_MS && stop.until + SLACK_MS >= from);
  }

  /** Whether a failover may have undone what was done at one time, so that it came again at another. */
  #isUndone(serial: number, again: number, done = again): boolean {
    const stream = this.#evidence.streamOf(serial);
    return this.#evidence.undoings.some(
      ({ from, until, streams }) =>
        streams.includes(stream) && done >= from - LAG_MS && done <= until + LAG_MS && again >= from,
    );
  }

  #tell(story: string): void {
    if (this.#stories.length < MOST_STORIES) this.#stories.push(story);
  }
}
