import { systemClock } from "../time/clock.js";

/** A reading that takes long is made so seldom that it takes no more than this part of the time. */
const SHARE = 0.1;

/** One reading of Redis for all who look. Nothing is read while nobody does. */
export class Shared<Value> {
  readonly #read: () => Promise<Value>;
  readonly #freshMs: number;
  readonly #isPart: (value: Value) => boolean;
  #latest: Promise<Value> | undefined;
  #freshUntilMs = 0;

  /**
   * @param freshMs - for so long a reading is shown again
   * @param isPart - whether something was out of reach: it may be back at once, and what took long was the wait for it
   */
  constructor(read: () => Promise<Value>, freshMs: number, isPart: (value: Value) => boolean = () => false) {
    this.#read = read;
    this.#freshMs = freshMs;
    this.#isPart = isPart;
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
      const tookMs = this.#isPart(value) ? 0 : now - beganMs;
      this.#freshUntilMs = now + Math.max(this.#freshMs, tookMs / SHARE);
      return value;
    } catch (error) {
      this.#freshUntilMs = 0;
      throw error;
    }
  }
}
