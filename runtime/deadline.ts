/** Something that is under way and must not take too long. */
export interface Run {
  readonly since: number;
  readonly expire: () => void;
}

const LOOK_EVERY_MS = 100;

/**
 * Ends what takes too long. All have the same limit, so the oldest expires first: one timer serves any number.
 */
export class Deadlines {
  readonly #limitMs: number;
  /** In the order in which they began. */
  readonly #runs = new Set<Run>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  begin(run: Run): void {
    this.#runs.add(run);
    this.#timer ??= setInterval(() => this.#look(), Math.min(LOOK_EVERY_MS, this.#limitMs)).unref();
  }

  /** Whether it ended in time: `false` when it has expired before. */
  end(run: Run): boolean {
    return this.#runs.delete(run);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const run of this.#runs) {
      if (now - run.since < this.#limitMs) return;
      this.#runs.delete(run);
      run.expire();
    }
    if (this.#runs.size === 0) this.stop();
  }
}
