import type { Clock } from "../time/clock.js";
import { afterLooks } from "../time/looks.js";

interface Wait {
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Why the wait was in vain; `undefined` while it is not, or no longer. */
  readonly late: () => Error | undefined;
  readonly aborted: () => Error;
}

/** Those who wait until commands can be sent: each is told once that they can, or why not. */
export class Waiting {
  readonly #waiters = new Set<(error: Error | undefined) => void>();

  /** Ends all waits: well, or with an error. */
  end(error: Error | undefined): void {
    for (const settle of [...this.#waiters]) settle(error);
  }

  wait({ limitMs, clock, signal, late, aborted }: Wait): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (error: Error | undefined): void => {
        timer.cancel();
        this.#waiters.delete(settle);
        signal?.removeEventListener("abort", onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onAbort = (): void => settle(aborted());
      const timer = afterLooks(
        limitMs,
        clock,
        () => late() !== undefined,
        () => settle(late()),
      );
      this.#waiters.add(settle);
      signal?.addEventListener("abort", onAbort);
      if (signal?.aborted) onAbort();
    });
  }
}
