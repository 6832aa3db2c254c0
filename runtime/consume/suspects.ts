import { PoisonError } from "../errors.js";
import type { Adopter } from "./adopter.js";
import type { Workload } from "./workload.js";

/** How many may wait to be examined. Only their ids are kept. */
const MOST_SUSPECTS = 100;

/**
 * Entries that a dead consumer held. They run one at a time, and each delivery is counted just before it runs: so the
 * entry that kills its process is found, and entries that were merely prefetched are not blamed for it.
 */
export class Suspects {
  readonly #workload: Workload;
  readonly #adopter: Adopter;
  readonly #maxRetries: number;
  readonly #reading: AbortSignal;
  readonly #waiting: string[] = [];
  #examining: Promise<void> | undefined;

  /** @param reading - aborted when none is to begin any more */
  constructor(workload: Workload, adopter: Adopter, maxRetries: number, reading: AbortSignal) {
    this.#workload = workload;
    this.#adopter = adopter;
    this.#maxRetries = maxRetries;
    this.#reading = reading;
  }

  get room(): number {
    return this.#workload.isOpen ? MOST_SUSPECTS - this.#waiting.length : 0;
  }

  add(ids: readonly string[]): void {
    const fresh = ids.filter((id) => !this.#workload.holds(id));
    for (const id of fresh) this.#workload.setAside(id);
    this.#waiting.push(...fresh);
    this.#examining ??= this.#examine().finally(() => {
      this.#examining = undefined;
    });
  }

  async #examine(): Promise<void> {
    for (let id = this.#waiting.shift(); id !== undefined; id = this.#waiting.shift()) {
      this.#workload.admit(id);
      if (this.#reading.aborted) return;
      const delivery = await this.#adopter.adopt(id);
      if (delivery === null) return;
      if (delivery === undefined) this.#workload.settled(id);
      else if (delivery.attempt > 1 + this.#maxRetries) {
        this.#workload.settle(delivery, { kind: "dead", error: new PoisonError(delivery.attempt - 1) });
      } else await this.#workload.handle(delivery);
      // An entry that was handled but is still pending when the next one kills the process would be blamed for it.
      await this.#workload.flushed();
    }
  }
}
