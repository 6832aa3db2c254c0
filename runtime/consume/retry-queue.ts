import type { Alarm } from "./alarm.js";
import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

const LONGEST_WAIT_MS = 1000;
const CROWDED_WAIT_MS = 20;
const MOST_AT_ONCE = 100;
/** How often it looks for parked entries that have lost their due time. */
const SWEEP_EVERY_MS = 30_000;

/**
 * Takes parked entries when their retry is due, whichever consumer parked them. New entries are read meanwhile, so
 * parked ones hold up nothing.
 */
export class RetryQueue {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #alarm: Alarm;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ConsumerParts, workload: Workload, alarm: Alarm) {
    this.#parts = parts;
    this.#workload = workload;
    this.#alarm = alarm;
  }

  async run(): Promise<void> {
    const { clock, membership, reading } = this.#parts;
    for (let failures = 0; !reading.signal.aborted; ) {
      try {
        const isDue = clock.now() - this.#sweptAt > SWEEP_EVERY_MS;
        if (isDue && this.#workload.roomForRetries > 0) await this.#sweep();
        await this.#alarm.wait(await this.#release());
        failures = 0;
      } catch (error) {
        if (!(await reading.afterFailure(failures++, `retrying on ${membership.stream}`, error))) return;
      }
    }
  }

  /** Returns how long to wait before the next look. */
  async #release(): Promise<number> {
    const room = Math.min(this.#workload.roomForRetries, MOST_AT_ONCE);
    if (room <= 0) return CROWDED_WAIT_MS;
    const { deliveries, nextMs } = await this.#parts.membership.release(room);
    this.#workload.takeAgain(deliveries);
    return nextMs < 0 ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, nextMs);
  }

  async #sweep(): Promise<void> {
    await this.#parts.membership.sweep();
    this.#sweptAt = this.#parts.clock.now();
  }
}
