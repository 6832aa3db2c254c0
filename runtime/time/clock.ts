/** A timer that has been set. */
export interface Timer {
  /** Its call is not made any more. */
  cancel(): void;
  /** The process may end although the timer is still set. */
  unref(): Timer;
}

/**
 * The time of one process. Every timer, deadline and heartbeat of the main thread takes its time from here, so that
 * another clock can stand in for the system's.
 */
export interface Clock {
  /** Milliseconds on a clock that never jumps: for durations. */
  now(): number;
  /** Milliseconds since 1970 by this machine's clock, which may be set. */
  wall(): number;
  /** Calls once, after so many milliseconds. A timer that is set keeps the process alive, unless it is `unref`ed. */
  after(ms: number, call: () => void): Timer;
  /** Calls again and again, every so many milliseconds. It does not keep the process alive. */
  every(ms: number, call: () => void): Timer;
}

/** Node fires a longer timer at once: 2^31 - 1 ms, or 24.8 days. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** The time of the operating system. Durations may be of any length. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, call) => new SystemTimer(ms, call, false),
  every: (ms, call) => new SystemTimer(ms, call, true).unref(),
};

/** One timer of Node's after another, until the whole duration is over. */
class SystemTimer implements Timer {
  readonly #ms: number;
  readonly #call: () => void;
  readonly #repeats: boolean;
  #left: number;
  #keepsAlive = true;
  #timeout: NodeJS.Timeout | undefined;

  constructor(ms: number, call: () => void, repeats: boolean) {
    this.#ms = ms;
    this.#call = call;
    this.#repeats = repeats;
    this.#left = ms;
    this.#set();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }

  unref(): Timer {
    this.#keepsAlive = false;
    this.#timeout?.unref();
    return this;
  }

  #set(): void {
    const part = Math.min(this.#left, LONGEST_TIMER_MS);
    this.#left -= part;
    this.#timeout = setTimeout(() => this.#expire(), part);
    if (!this.#keepsAlive) this.#timeout.unref();
  }

  #expire(): void {
    if (this.#left > 0) {
      this.#set();
    } else if (this.#repeats) {
      this.#left = this.#ms;
      // Set before the call, which may cancel it.
      this.#set();
      this.#call();
    } else {
      this.#call();
    }
  }
}
