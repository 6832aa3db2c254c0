import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.js";

const FIRST_MS = 50;
const LONGEST_MS = 2000;

/** Called when a background activity, such as "reading events", fails. */
export type ReportTrouble = (activity: string, error: unknown) => void;

/** Waits between attempts in the background, until the signal aborts. */
export class Pause {
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #report: ReportTrouble;

  constructor(signal: AbortSignal, clock: Clock, report: ReportTrouble) {
    this.signal = signal;
    // Each wait adds a listener.
    setMaxListeners(0, signal);
    this.#clock = clock;
    this.#report = report;
  }

  /** Reports a failure and waits with backoff and jitter. Resolves to `false` if the signal aborts. */
  afterFailure(failures: number, activity: string, error: unknown): Promise<boolean> {
    if (this.signal.aborted) return Promise.resolve(false);
    this.#report(activity, error);
    const backoffMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
    return this.for(backoffMs * (0.5 + this.#clock.chance() / 2));
  }

  /** Waits so many milliseconds, or until `early` resolves. Resolves to `false` if the signal aborts meanwhile. */
  for(ms: number, early?: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.signal.aborted) return resolve(false);
      const end = (going: boolean): void => {
        timer.cancel();
        this.signal.removeEventListener("abort", onAbort);
        resolve(going);
      };
      const onAbort = (): void => end(false);
      const timer = this.#clock.after(ms, () => end(true));
      this.signal.addEventListener("abort", onAbort);
      void early?.then(() => end(true));
    });
  }
}
