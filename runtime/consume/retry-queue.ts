import type { Membership } from "../broker/membership.js";
import type { Clock } from "../time/clock.js";
import type { Pause } from "../time/pause.js";
import type { Alarm } from "./alarm.js";
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
  readonly #membership: Membership;
  readonly #workload: Workload;
  readonly #alarm: Alarm;
  readonly #pause: Pause;
  readonly #clock: Clock;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(membership: Membership, workload: Workload, alarm: Alarm, pause: Pause, clock: Clock) {
    this.#membership = membership;
    this.#workload = workload;
    this.#alarm = alarm;
    this.#pause = pause;
    this.#clock = clock;
  }

  async run(): Promise<void> {
    for (let failures = 0; !this.#pause.signal.aborted; ) {
      try {
        const isDue = this.#clock.now() - this.#sweptAt > SWEEP_EVERY_MS;
        if (isDue && this.#workload.roomForRetries > 0) await this.#sweep();
        await this.#alarm.wait(await this.#release());
        failures = 0;
      } catch (error) {
        if (!(await this.#pause.afterFailure(failures++, `retrying on ${this.#membership.stream}`, error))) return;
      }
    }
  }

  /** Returns how long to wait before the next look. */
  async #release(): Promise<number> {
    const room = Math.min(this.#workload.roomForRetries, MOST_AT_ONCE);
    if (room <= 0) return CROWDED_WAIT_MS;
    const { deliveries, nextMs } = await this.#membership.release(room);
    this.#workload.takeAgain(deliveries);
    return nextMs < 0 ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, nextMs);
  }

  async #sweep(): Promise<void> {
    await this.#membership.sweep();
    this.#sweptAt = this.#clock.now();
  }
}
