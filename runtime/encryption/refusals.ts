const LONG_MS = 3_600_000;
const FEWEST = 20;

interface Refused {
  readonly sinceMs: number;
  readonly times: number;
}

/**
 * Tells a key that a key management service never decrypts from a service that is away: this one fails time after time for an
 * hour, and others do not.
 */
export class Refusals {
  readonly #most: number;
  /** By the wrapped key, the one that failed least recently first. */
  readonly #refused = new Map<string, Refused>();
  #answeredMs = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  answered(wrapped: string, nowMs: number): void {
    this.#refused.delete(wrapped);
    this.#answeredMs = nowMs;
  }

  /** Whether it is to be given up, after it has failed once more. */
  isLost(wrapped: string, nowMs: number): boolean {
    const { sinceMs, times } = this.#refused.get(wrapped) ?? { sinceMs: nowMs, times: 0 };
    this.#refused.delete(wrapped);
    this.#refused.set(wrapped, { sinceMs, times: times + 1 });
    if (this.#refused.size > this.#most) this.#refused.delete(this.#refused.keys().next().value as string);
    return times + 1 >= FEWEST && nowMs - sinceMs >= LONG_MS && this.#answeredMs > sinceMs;
  }
}
