import { type Delivery, FEW } from "../broker/delivery.js";
import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/** How often it prepares between two reads. */
const PREPARE_EVERY_MS = 30_000;
/** After a batch of this size, the next one has fewer entries. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Reads new entries, never more than the workload has room for. */
export class Reader {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #prepare: () => Promise<void>;
  #lengthPerEntry = 0;
  #readAt: number;
  #preparedAt = Number.NEGATIVE_INFINITY;
  #drops = 0;

  /** @param prepare - called before the first read, after everything that may have lost a delivery, and at intervals */
  constructor(parts: ConsumerParts, workload: Workload, prepare: () => Promise<void>) {
    this.#parts = parts;
    this.#workload = workload;
    this.#prepare = prepare;
    this.#readAt = parts.clock.now();
  }

  async run(): Promise<void> {
    const { membership, reading } = this.#parts;
    const { signal } = reading;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (this.#mustPrepare) {
          this.#preparedAt = this.#parts.clock.now();
          this.#drops = this.#workload.drops;
          await this.#prepare();
        }
        const { room } = this.#workload;
        if (room === 0) {
          await this.#workload.roomier();
          continue;
        }
        await this.#read(Math.min(room, this.#affordable));
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // Whatever failed (a lost reply, a missing group), the next read starts from a known state.
        this.#preparedAt = Number.NEGATIVE_INFINITY;
        if (!(await reading.afterFailure(failures++, `reading ${membership.stream}`, error))) return;
      }
    }
  }

  /** How long ago Redis last answered a read. */
  get silentMs(): number {
    return this.#parts.clock.now() - this.#readAt;
  }

  async #read(most: number): Promise<void> {
    let count = 0;
    await this.#parts.membership.read(most, (deliveries) => {
      count = deliveries.length;
      // Also after the signal: they are pending for this consumer now, to be handled or given back.
      this.#workload.take(deliveries);
      this.#weigh(deliveries);
    });
    this.#readAt = this.#parts.clock.now();
    if (count > 0 && count <= FEW) await new Promise((resolve) => process.nextTick(resolve));
  }

  get #mustPrepare(): boolean {
    return this.#workload.drops !== this.#drops || this.#parts.clock.now() - this.#preparedAt > PREPARE_EVERY_MS;
  }

  get #affordable(): number {
    const { batchSize } = this.#parts.config;
    if (this.#lengthPerEntry === 0) return batchSize;
    return Math.max(1, Math.min(batchSize, Math.ceil(BATCH_BYTES / this.#lengthPerEntry)));
  }

  /** The larger of a batch's first and last entry decides. Text lengths stand for bytes. */
  #weigh(deliveries: readonly Delivery[]): void {
    const lengthOf = (delivery: Delivery | undefined): number =>
      delivery?.fields?.reduce((sum, text) => sum + text.length, 0) ?? 0;
    this.#lengthPerEntry = Math.max(lengthOf(deliveries[0]), lengthOf(deliveries[deliveries.length - 1]));
  }
}
