import { type Delivery, FEW } from "../broker/delivery.js";
import type { ConsumerParts } from "./parts.js";
import { othersJudged } from "./precedence.js";
import type { Workload } from "./workload.js";

const PREPARE_EVERY_MS = 30_000;
/** After a batch of this size, the next one has fewer entries. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Reads new entries, never more than the workload has room for. */
export class Reader {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #prepare: () => Promise<void>;
  #batchSize: number;
  #readAt: number;
  #preparedAt = 0;
  #areOthersJudged = false;

  /** @param prepare - called before the first read, after everything that may have lost a delivery, and at intervals */
  constructor(parts: ConsumerParts, workload: Workload, prepare: () => Promise<void>) {
    this.#parts = parts;
    this.#workload = workload;
    this.#prepare = prepare;
    this.#batchSize = parts.config.batchSize;
    this.#readAt = parts.clock.now();
  }

  async run(): Promise<void> {
    const { clock, membership, reading } = this.#parts;
    for (let failures = 0; !reading.signal.aborted; ) {
      try {
        if (!this.#workload.isComplete || clock.now() - this.#preparedAt > PREPARE_EVERY_MS) {
          this.#preparedAt = clock.now();
          // Before the wait: a drop meanwhile must be seen.
          this.#workload.isComplete = true;
          await this.#prepare();
        }
        if (!this.#areOthersJudged) {
          await othersJudged(this.#parts, () => this.#answered());
          this.#areOthersJudged = true;
          continue;
        }
        const { room } = this.#workload;
        if (room === 0) {
          await this.#workload.roomier();
          continue;
        }
        await this.#read(Math.min(room, this.#batchSize));
        failures = 0;
      } catch (error) {
        if (reading.signal.aborted) return;
        // A lost reply or a missing group: the next read must start from a known state.
        this.#workload.isComplete = false;
        if (!(await reading.afterFailure(failures++, `reading ${membership.stream}`, error))) return;
      }
    }
  }

  /** Milliseconds since Redis last answered a read, or a look before the first one. */
  get silentMs(): number {
    return this.#parts.clock.now() - this.#readAt;
  }

  async #read(most: number): Promise<void> {
    let count = 0;
    await this.#parts.membership.read(most, (deliveries) => {
      count = deliveries.length;
      // Also after the signal: they are pending for this consumer now, to be handled or given back.
      this.#workload.take(deliveries, count === most);
      this.#fitBatch(deliveries);
    });
    this.#answered();
    if (count > 0 && count <= FEW) await new Promise((resolve) => process.nextTick(resolve));
  }

  #answered(): void {
    this.#readAt = this.#parts.clock.now();
  }

  /** Sizes the next batch by the larger of this one's first and last entry. Text lengths stand for bytes. */
  #fitBatch(deliveries: readonly Delivery[]): void {
    const lengthOf = (delivery: Delivery | undefined): number =>
      delivery?.fields?.reduce((sum, text) => sum + text.length, 0) ?? 0;
    const length = Math.max(lengthOf(deliveries[0]), lengthOf(deliveries.at(-1)));
    this.#batchSize = Math.max(1, Math.min(this.#parts.config.batchSize, Math.ceil(BATCH_BYTES / length)));
  }
}
