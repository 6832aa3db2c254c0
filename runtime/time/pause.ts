import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.js";

const FIRST_MS = 50;
const LONGEST_MS = 2000;

/** Called with what failed in the background: the activity, as in "reading events", and the error. */
export type ReportTrouble = (what: string, error: unknown) => void;

/** Waits between attempts in the background, until its owner ends. */
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

  /** Reports a failure and waits with backoff and jitter. Resolves to `false` when the owner has ended. */
  afterFailure(failures: number, what: string, error: unknown): Promise<boolean> {
    if (this.signal.aborted) return Promise.resolve(false);
    this.#report(what, error);
    return this.for(Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2));
  }

  /** Waits so many milliseconds. Resolves to `false` when the owner ended meanwhile. */
  for(ms: number): Promise<boolean> {
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
    });
  }
}
