// time/ is the time of the main thread: its clock, pauses and deadlines. It may import nothing.
export interface Timer {
  cancel(): void;
  /** Lets the process end although the timer is still set. */
  unref(): Timer;
}

/** The chance by which pauses differ, so that what happened together does not happen together again. */
export interface Jitter {
  /** A number from 0 up to 1. That of a test's clock follows from its seed. */
  chance(): number;
}

/** The source of time for every timer, deadline and heartbeat of the main thread. It can be replaced. */
export interface Clock extends Jitter {
  /** Milliseconds on a monotonic clock, for durations. */
  now(): number;
  /** Milliseconds since 1970 on this machine's clock, which may jump. */
  wall(): number;
  /** Calls once, after so many milliseconds. The timer keeps the process alive, unless it is `unref`ed. */
  after(ms: number, call: () => void): Timer;
  /** Calls repeatedly, every so many milliseconds. It does not keep the process alive. */
  every(ms: number, call: () => void): Timer;
}

/** Node fires a longer timer at once: 2^31 - 1 ms, or 24.8 days. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** The operating system's time. Durations may be of any length. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  chance: () => Math.random(),
  after: (ms, call) => new SystemTimer(ms, call, false),
  every: (ms, call) => new SystemTimer(ms, call, true).unref(),
};

/** Chains Node's timers, until the whole duration is over. */
class SystemTimer implements Timer {
  readonly #ms: number;
  readonly #call: () => void;
  readonly #repeats: boolean;
  #left: number;
  #dueAt = 0;
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
  }

  unref(): Timer {
    this.#keepsAlive = false;
    this.#timeout?.unref();
    return this;
  }

  #set(): void {
    const part = Math.min(this.#left, LONGEST_TIMER_MS);
    this.#left -= part;
    this.#dueAt = performance.now() + part;
    this.#arm(part);
  }

  #arm(ms: number): void {
    this.#timeout = setTimeout(() => this.#expire(), ms);
    if (!this.#keepsAlive) this.#timeout.unref();
  }

  #expire(): void {
    // Node counts from the last wake of its event loop, which is long ago where code has blocked it since.
    const earlyMs = this.#dueAt - performance.now();
    if (earlyMs > 1) {
      this.#arm(earlyMs);
      return;
    }
    const isWaiting = this.#left > 0;
    if (!isWaiting) this.#left = this.#ms;
    // Set before the call, which may cancel it.
    if (isWaiting || this.#repeats) this.#set();
    if (!isWaiting) this.#call();
  }
}
