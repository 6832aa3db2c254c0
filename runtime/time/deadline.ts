import type { Clock, Timer } from "./clock.js";

/** A run with a deadline: a link in the chain of those under way. */
export interface Run {
  /** The time at which it was first seen running. */
  since: number;
  previous: Run | undefined;
  next: Run | undefined;
  /** What it is about. */
  readonly id: string;
  /** Called without a reason when its time is up. */
  readonly expire: (reason?: Error) => void;
}

const LOOK_EVERY_MS = 100;
const UNSEEN = -1;
const ENDED = -2;

/**
 * Expires runs that take too long. All have the same limit, so the oldest expires first: one timer serves any number of
 * runs, and to begin or end one neither reads the clock nor hashes.
 */
export class Deadlines {
  readonly #limitMs: number;
  readonly #clock: Clock;
  #oldest: Run | undefined;
  #newest: Run | undefined;
  #timer: Timer | undefined;

  constructor(limitMs: number, clock: Clock) {
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  begin(id: string, expire: Run["expire"]): Run {
    this.#timer ??= this.#clock.every(Math.min(LOOK_EVERY_MS, this.#limitMs), () => this.#look());
    const run: Run = { since: UNSEEN, previous: this.#newest, next: undefined, id, expire };
    if (this.#newest === undefined) this.#oldest = run;
    else this.#newest.next = run;
    this.#newest = run;
    return run;
  }

  /** False if the run had expired already. */
  end(run: Run): boolean {
    if (run.since === ENDED) return false;
    run.since = ENDED;
    if (run.previous === undefined) this.#oldest = run.next;
    else run.previous.next = run.next;
    if (run.next === undefined) this.#newest = run.previous;
    else run.next.previous = run.previous;
    return true;
  }

  /** Expires the runs that are about that before their time is up. */
  expire(id: string, reason: Error): void {
    for (let run = this.#oldest; run !== undefined; run = run.next) {
      if (run.id === id && this.end(run)) run.expire(reason);
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const now = this.#clock.now();
    // A run that began since the last look counts from now, because the event loop may have been busy in between.
    for (let run = this.#newest; run?.since === UNSEEN; run = run.previous) run.since = now;
    for (let run = this.#oldest; run !== undefined && now - run.since >= this.#limitMs; run = this.#oldest) {
      this.end(run);
      run.expire();
    }
    // The next run begins to look again.
    if (this.#oldest === undefined) this.stop();
  }
}
