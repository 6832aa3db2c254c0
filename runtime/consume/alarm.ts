import type { Clock } from "../time/clock.js";
import type { Pause } from "../time/pause.js";

/** Waits for a while, or until an event that is expected earlier. */
export class Alarm {
  readonly #pause: Pause;
  readonly #clock: Clock;
  #wake: (() => void) | undefined;

  constructor(pause: Pause, clock: Clock) {
    this.#pause = pause;
    this.#clock = clock;
  }

  /** Ends the wait that is under way then. */
  ringIn(ms: number): void {
    this.#clock.after(ms, () => this.#wake?.()).unref();
  }

  /** Waits at most so many milliseconds, and no longer than its owner reads. */
  async wait(ms: number): Promise<void> {
    const rung = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([this.#pause.for(ms), rung]);
  }
}
