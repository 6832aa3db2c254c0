import { setMaxListeners } from "node:events";
import type { HookBus } from "../messaging/hooks.js";

const FIRST_MS = 50;
const LONGEST_MS = 2000;

/** Waits between tries in the background, with jitter, until its owner ends. */
export class Pause {
  readonly signal: AbortSignal;
  readonly #hooks: HookBus;

  constructor(signal: AbortSignal, hooks: HookBus) {
    this.signal = signal;
    // Everyone who waits listens to it.
    setMaxListeners(0, signal);
    this.#hooks = hooks;
  }

  /** Says what failed and waits. `false` when there is no point in trying again, because the owner has ended. */
  afterFailure(failures: number, what: string, error: unknown): Promise<boolean> {
    if (this.signal.aborted) return Promise.resolve(false);
    this.#hooks.emit("trouble", { what, error });
    return this.for(Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2));
  }

  /** Waits so long; `false` when the owner ended meanwhile. */
  for(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.signal.aborted) return resolve(false);
      const end = (going: boolean): void => {
        clearTimeout(timer);
        this.signal.removeEventListener("abort", onAbort);
        resolve(going);
      };
      const onAbort = (): void => end(false);
      const timer = setTimeout(() => end(true), ms);
      this.signal.addEventListener("abort", onAbort);
    });
  }
}
