/** Something that is under way and must not take too long; a link in the chain of those that are. */
export interface Run {
  /** When it was first seen running. Set by {@link Deadlines}. */
  since: number;
  previous: Run | undefined;
  next: Run | undefined;
  readonly expire: () => void;
}

const LOOK_EVERY_MS = 100;
const UNSEEN = -1;
const ENDED = -2;

/**
 * Ends what takes too long. All have the same limit, so the oldest expires first: one timer serves any number, and to
 * begin and to end one costs no look at the clock and no hashing.
 */
export class Deadlines {
  readonly #limitMs: number;
  #oldest: Run | undefined;
  #newest: Run | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  begin(run: Run): void {
    this.#timer ??= setInterval(() => this.#look(), Math.min(LOOK_EVERY_MS, this.#limitMs)).unref();
    run.since = UNSEEN;
    run.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = run;
    else this.#newest.next = run;
    this.#newest = run;
  }

  /** Whether it ended in time: `false` when it has expired before. */
  end(run: Run): boolean {
    if (run.since === ENDED) return false;
    run.since = ENDED;
    if (run.previous === undefined) this.#oldest = run.next;
    else run.previous.next = run.next;
    if (run.next === undefined) this.#newest = run.previous;
    else run.next.previous = run.previous;
    return true;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    // Begun since the last look, which may be long ago when something kept the event loop busy: counted from now.
    for (let run = this.#newest; run?.since === UNSEEN; run = run.previous) run.since = now;
    for (let run = this.#oldest; run !== undefined && now - run.since >= this.#limitMs; run = this.#oldest) {
      this.end(run);
      run.expire();
    }
  }
}
