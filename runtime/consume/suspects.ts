import type { Delivery } from "../broker/delivery.js";
import { PoisonError } from "../errors.js";

/** How many may wait to be examined. Only their ids are held. */
const MOST_SUSPECTS = 100;

/** What the examination asks of its consumer. */
export interface Examiner {
  /** Counts a delivery and begins it; `undefined` when it is this consumer's no more, `null` when all ends. */
  readonly adopt: (id: string) => Promise<Delivery | undefined | null>;
  /** Has it handled; resolves when its handler has ended. */
  readonly handle: (delivery: Delivery) => Promise<void>;
  /** To the dead letters, without another try. */
  readonly condemn: (delivery: Delivery, error: PoisonError) => void;
  /** There is nothing to settle any more. */
  readonly forget: (id: string) => void;
  /** Resolves when what was handled is also acknowledged. */
  readonly flushed: () => Promise<void>;
}

/**
 * Entries that were in a dead consumer's hands. They run one at a time, each counted just before: so the one that
 * kills its process is found, and those that were merely there are not blamed for it.
 */
export class Suspects {
  readonly #maxRetries: number;
  readonly #examiner: Examiner;
  readonly #waiting: string[] = [];
  #examining: Promise<void> | undefined;

  constructor(maxRetries: number, examiner: Examiner) {
    this.#maxRetries = maxRetries;
    this.#examiner = examiner;
  }

  /** How many have not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get room(): number {
    return MOST_SUSPECTS - this.#waiting.length;
  }

  add(ids: readonly string[]): void {
    this.#waiting.push(...ids);
    this.#examining ??= this.#examine().finally(() => {
      this.#examining = undefined;
    });
  }

  async #examine(): Promise<void> {
    const { adopt, handle, condemn, forget, flushed } = this.#examiner;
    for (let id = this.#waiting.shift(); id !== undefined; id = this.#waiting.shift()) {
      const delivery = await adopt(id);
      if (delivery === null) return;
      if (delivery === undefined) forget(id);
      else if (delivery.attempt > 1 + this.#maxRetries) condemn(delivery, new PoisonError(delivery.attempt - 1));
      else await handle(delivery);
      // Or one that was handled is still pending when the next kills the process, and is blamed for it in the end.
      await flushed();
    }
  }
}
