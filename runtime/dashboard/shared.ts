import { systemClock } from "../time/clock.js";

/** A reading that takes long is made so seldom that it takes no more than this part of the time. */
const SHARE = 0.1;

/** One reading of Redis for all who look. Nothing is read while nobody does. */
export class Shared<Value> {
  readonly #read: () => Promise<Value>;
  readonly #freshMs: number;
  #latest: Promise<Value> | undefined;
  #freshUntilMs = 0;

  /** @param freshMs - for so long a reading is shown again */
  constructor(read: () => Promise<Value>, freshMs: number) {
    this.#read = read;
    this.#freshMs = freshMs;
  }

  /** @throws what the reading throws; the next call tries again */
  get(): Promise<Value> {
    if (this.#latest !== undefined && systemClock.now() < this.#freshUntilMs) return this.#latest;
    // One that is under way is waited for by all who come.
    this.#freshUntilMs = Number.POSITIVE_INFINITY;
    const latest = this.#reading(systemClock.now());
    this.#latest = latest;
    return latest;
  }

  /** Has the next look read anew, since something was changed. */
  forget(): void {
    this.#latest = undefined;
  }

  async #reading(beganMs: number): Promise<Value> {
    try {
      const value = await this.#read();
      const now = systemClock.now();
      this.#freshUntilMs = now + Math.max(this.#freshMs, (now - beganMs) / SHARE);
      return value;
    } catch (error) {
      this.#freshUntilMs = 0;
      throw error;
    }
  }
}
