import type { ConsumerParts } from "./parts.js";

/** Waits for a while, or until an event that is expected earlier. */
export class Alarm {
  readonly #parts: ConsumerParts;
  #wake: (() => void) | undefined;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  /** Ends the wait that is under way then. */
  ringIn(ms: number): void {
    this.#parts.clock.after(ms, () => this.#wake?.()).unref();
  }

  /** Waits at most so many milliseconds, and no longer than the consumer reads. */
  async wait(ms: number): Promise<void> {
    const rung = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([this.#parts.reading.for(ms), rung]);
  }
}
