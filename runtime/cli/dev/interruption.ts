import { constants } from "node:os";

/** How `merp dev` comes to an end. */
export interface End {
  readonly code: number;
  /** What to tell, if it was not meant to be. */
  readonly failure?: string | undefined;
  /** What the programs that still run are sent. */
  readonly signal: NodeJS.Signals;
}

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** A signal that asks this process to end. */
export class Interruption {
  /** Resolves at the first one. */
  readonly end: Promise<End>;
  readonly #listeners = new Map<NodeJS.Signals, () => void>();

  constructor() {
    this.end = new Promise((resolve) => {
      for (const signal of SIGNALS) {
        const listener = (): void => resolve({ code: 128 + constants.signals[signal], signal });
        this.#listeners.set(signal, listener);
        process.on(signal, listener);
      }
    });
  }

  /** Leaves signals to the process again. */
  forget(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }
}
