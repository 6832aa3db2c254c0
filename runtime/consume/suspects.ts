import { PoisonError } from "../errors.js";
import { adopt } from "./adopt.js";
import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/** How many may wait to be examined. Only their ids are kept. */
const MOST_SUSPECTS = 100;

/**
 * Entries that a dead consumer held. They run one at a time, and each delivery is counted just before it runs: so the
 * entry that kills its process is found, and entries that were merely prefetched are not blamed for it.
 */
export class Suspects {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #waiting: string[] = [];
  #examining: Promise<void> | undefined;

  constructor(parts: ConsumerParts, workload: Workload) {
    this.#parts = parts;
    this.#workload = workload;
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
    const { maxRetries } = this.#parts.config;
    for (let id = this.#waiting.shift(); id !== undefined; id = this.#waiting.shift()) {
      this.#workload.admit(id);
      if (this.#parts.reading.signal.aborted) return;
      const delivery = await adopt(this.#parts, id);
      if (delivery === null) return;
      if (delivery === undefined) this.#workload.settled(id);
      else if (delivery.attempt > 1 + maxRetries) {
        this.#workload.settle(delivery, { kind: "dead", error: new PoisonError(delivery.attempt - 1) });
      } else await this.#workload.handle(delivery);
      // An entry that was handled but is still pending when the next one kills the process would be blamed for it.
      await this.#workload.flushed();
    }
  }
}
