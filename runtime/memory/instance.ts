import type { Clock, Timer } from "../time/clock.js";
import type { VirtualClock } from "./virtual-clock.js";

/** A process as the broker sees it: its calls arrive, and its timers expire, for as long as it has not crashed. */
export class Instance {
  readonly clock: Clock;
  #hasCrashed = false;
  readonly #called: () => void;
  readonly #onCrash: (() => void)[] = [];

  /** @param called - told of each call */
  constructor(clock: VirtualClock, called: () => void) {
    this.clock = {
      now: () => clock.now(),
      wall: () => clock.wall(),
      chance: () => clock.chance(),
      after: (ms, call) => clock.after(ms, () => this.#expire(call)),
      every: (ms, call) => {
        const timer: Timer = clock.every(ms, () => {
          if (this.#hasCrashed) timer.cancel();
          this.#expire(call);
        });
        return timer;
      },
    };
    this.#called = called;
  }

  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  /** Makes a call. That of a crashed process has no effect, and never ends. */
  call<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#hasCrashed) return;
      this.#called();
      try {
        Promise.resolve(work()).then(
          (result) => {
            this.#called();
            if (!this.#hasCrashed) resolve(result);
          },
          (error: unknown) => {
            if (!this.#hasCrashed) reject(error);
          },
        );
      } catch (error) {
        reject(error);
      }
    });
  }

  onCrash(call: () => void): void {
    this.#onCrash.push(call);
  }

  crash(): void {
    if (this.#hasCrashed) return;
    this.#hasCrashed = true;
    for (const call of this.#onCrash) call();
  }

  #expire(call: () => void): void {
    this.#called();
    if (!this.#hasCrashed) call();
  }
}
