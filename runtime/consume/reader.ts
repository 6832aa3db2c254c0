import type { Delivery, Take } from "../broker/delivery.js";
import type { EntrySource } from "../redis/entry-source.js";
import type { Pause } from "../time/pause.js";
import { FEW } from "./workload.js";

/** How often it is made sure, between two reads, that nothing was left behind. */
const PREPARE_EVERY_MS = 30_000;
/** A batch of entries this large is read in smaller ones next time. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** What a reader asks of its consumer. */
export interface ReaderSink {
  /** How many entries may come now; 0 for none. */
  readonly room: () => number;
  /** Resolves when {@link room} may have grown. */
  readonly roomier: () => Promise<void>;
  readonly take: Take;
  /** Called before the first read, after anything that may have left entries behind, and now and then. */
  readonly prepare: () => Promise<void>;
}

/** Takes new entries from a source, never more than there is room for. */
export class Reader {
  readonly #source: EntrySource;
  readonly #batchSize: number;
  readonly #sink: ReaderSink;
  readonly #pause: Pause;
  #lengthPerEntry = 0;
  #readAt = performance.now();
  #preparedAt = Number.NEGATIVE_INFINITY;

  constructor(source: EntrySource, batchSize: number, sink: ReaderSink, pause: Pause) {
    this.#source = source;
    this.#batchSize = batchSize;
    this.#sink = sink;
    this.#pause = pause;
  }

  async run(): Promise<void> {
    const { signal } = this.#pause;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (performance.now() - this.#preparedAt > PREPARE_EVERY_MS) {
          this.#preparedAt = performance.now();
          await this.#sink.prepare();
        }
        if (this.#sink.room() === 0) {
          await this.#sink.roomier();
          continue;
        }
        let count = 0;
        await this.#source.read(Math.min(this.#sink.room(), this.#affordable()), (deliveries) => {
          count = deliveries.length;
          // Also after the signal: they are this consumer's now, to be handled or given back.
          this.#sink.take(deliveries);
          this.#weigh(deliveries);
        });
        failures = 0;
        this.#readAt = performance.now();
        if (count > 0 && count <= FEW) await new Promise((resolve) => process.nextTick(resolve));
      } catch (error) {
        if (signal.aborted) return;
        // Whatever it was (a lost reply, a missing group), the next read starts from a known state.
        this.prepareAgain();
        if (!(await this.#pause.afterFailure(failures++, `reading ${this.#source.stream}`, error))) return;
      }
    }
  }

  /** How long ago Redis last answered a read. */
  get silentMs(): number {
    return performance.now() - this.#readAt;
  }

  /** Something may have been left behind: look before the next read. */
  prepareAgain(): void {
    this.#preparedAt = Number.NEGATIVE_INFINITY;
  }

  #affordable(): number {
    if (this.#lengthPerEntry === 0) return this.#batchSize;
    return Math.max(1, Math.min(this.#batchSize, Math.ceil(BATCH_BYTES / this.#lengthPerEntry)));
  }

  /** The larger of a batch's first and last decides; text lengths stand for bytes. */
  #weigh(deliveries: readonly Delivery[]): void {
    const lengthOf = (delivery: Delivery | undefined): number =>
      delivery?.fields?.reduce((sum, text) => sum + text.length, 0) ?? 0;
    this.#lengthPerEntry = Math.max(lengthOf(deliveries[0]), lengthOf(deliveries[deliveries.length - 1]));
  }
}
