import { type Delivery, FEW } from "../broker/delivery.js";
import { type CarriedTrace, carriedIn } from "../messaging/trace-context.js";
import type { ConsumerParts } from "./parts.js";
import { othersJudged } from "./precedence.js";
import { lengthOf } from "./waiting.js";
import type { Workload } from "./workload.js";

const PREPARE_EVERY_MS = 30_000;
/** Before the first batch nobody knows how long entries are: so many of them are taken to be one reply. */
const FIRST = 100;

/** Reads new entries, never more than the workload has room for. */
export class Reader {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #prepare: () => Promise<void>;
  /** The length of the longest entry of the last batch. Text lengths stand for bytes. */
  #longest: number;
  #readAt: number;
  #preparedAt = 0;
  #areOthersJudged = false;

  /** @param prepare - called before the first read, after everything that may have lost a delivery, and at intervals */
  constructor(parts: ConsumerParts, workload: Workload, prepare: () => Promise<void>) {
    this.#parts = parts;
    this.#workload = workload;
    this.#prepare = prepare;
    this.#longest = parts.config.replyBytes / FIRST;
    this.#readAt = parts.clock.now();
  }

  async run(): Promise<void> {
    const { clock, membership, reading, halt } = this.#parts;
    for (let failures = 0; !reading.signal.aborted; ) {
      try {
        if (!this.#workload.isComplete || clock.now() - this.#preparedAt > PREPARE_EVERY_MS) {
          this.#preparedAt = clock.now();
          // Before the wait: a drop meanwhile must be seen.
          this.#workload.isComplete = true;
          await this.#prepare();
          continue;
        }
        if (!this.#areOthersJudged) {
          await othersJudged(this.#parts, () => this.#answered());
          this.#areOthersJudged = true;
          continue;
        }
        // While all is paused, what was given back has not come.
        if (!halt.isTotal) this.#workload.begin();
        const { room } = this.#workload;
        if (room === 0) {
          await this.#workload.roomier();
          // It may have been paused for long.
          this.#answered();
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
    let longest = 0;
    const { membership, hooks, clock } = this.#parts;
    const startedAt = clock.wall();
    const brought: Delivery[] | undefined = hooks.wants("received") ? [] : undefined;
    const lapses = this.#workload.lapses.notice();
    await membership.read(most, (deliveries) => {
      count += deliveries.length;
      brought?.push(...deliveries);
      // Also after the signal: they are pending for this consumer now, to be handled or given back.
      this.#workload.take(deliveries, lapses, count === most);
      for (const delivery of deliveries) {
        longest = Math.max(longest, delivery.oversizedBytes ?? lengthOf(delivery));
      }
      this.#longest = longest;
    });
    this.#answered();
    if (count > 0) this.#tell(brought, startedAt);
    if (count > 0 && count <= FEW) await new Promise((resolve) => process.nextTick(resolve));
  }

  #tell(brought: readonly Delivery[] | undefined, startedAt: number): void {
    const { membership, hooks } = this.#parts;
    if (brought === undefined) {
      hooks.count("received");
      return;
    }
    const { stream, group, consumer } = membership;
    const carried = (): readonly CarriedTrace[] => brought.flatMap(({ fields }) => carriedIn(fields ?? []) ?? []);
    hooks.emit("received", { stream, group, consumer, count: brought.length, startedAt, carried });
  }

  #answered(): void {
    this.#readAt = this.#parts.clock.now();
  }

  /** As many entries like the longest of the last batch as one reply brings, and as there is room for. */
  get #batchSize(): number {
    const { batchSize, replyBytes } = this.#parts.config;
    const most = Math.floor(Math.min(replyBytes, this.#workload.spareBytes) / this.#longest);
    return Math.max(1, Math.min(batchSize, most));
  }
}
