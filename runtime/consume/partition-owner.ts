import type { MemberPlace } from "../broker/membership.js";
import type { Lease } from "../broker/shares.js";
import type { StreamConsumer } from "./consumer.js";

/** What every partition of a stream is read with. */
export interface PartitionParts {
  /** Frees the partition. Resolves when that is answered, or need not be. */
  readonly release: (owned: Owned) => Promise<void>;
  readonly home: Lease["home"];
  /** @param handling - aborted when the partition is another member's, so that what its handlers do is in vain */
  readonly consumerOf: (place: Pick<MemberPlace, "lease" | "redriven">, handling: AbortSignal) => StreamConsumer;
  /** Told when the last thing is done. */
  readonly ended: (owner: PartitionOwner) => void;
}

/** Where a partition is among those of its stream, and the epoch of its owner. */
export type Owned = Pick<Lease, "stream" | "partition" | "index" | "epoch">;

/**
 * Reads one partition, and the entries that are redriven from its dead letters, for as long as it is this member's. It is given
 * up when its handlers have ended, so that no message of an entity begins elsewhere before. When another member has taken it,
 * nothing more begins, and what its handlers leave behind is refused.
 */
export class PartitionOwner {
  readonly partition: string;
  readonly consumers: readonly StreamConsumer[];
  readonly #owned: Owned;
  readonly #parts: PartitionParts;
  readonly #handling = new AbortController();
  /** Until when handlers may take, once its service stops. */
  readonly #deadline: Promise<void>;
  #expire = (): void => {};
  #ending: Promise<void> | undefined;

  constructor(owned: Owned, parts: PartitionParts) {
    this.partition = owned.partition;
    this.#owned = owned;
    this.#parts = parts;
    this.#deadline = new Promise((resolve) => {
      this.#expire = resolve;
    });
    const lease: Lease = { ...owned, home: parts.home, lost: () => this.#lost() };
    // What is redriven to the first every member reads: there entries go whose type an owner does not handle.
    const kinds = owned.index === 0 ? [false] : [false, true];
    this.consumers = kinds.map((redriven) => parts.consumerOf({ lease, redriven }, this.#handling.signal));
  }

  /** @param since - when its service was started, in ms on the monotonic clock */
  start(since: number): void {
    for (const consumer of this.consumers) consumer.start(since, false);
  }

  /** Begins nothing more, and frees the partition when its handlers have ended. */
  giveUp(): Promise<void> {
    for (const consumer of this.consumers) consumer.forsake();
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Lets what it holds be handled until the deadline resolves, and frees the partition. */
  stop(deadline: Promise<unknown>): Promise<void> {
    void deadline.then(() => {
      this.#handling.abort();
      this.#expire();
    });
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** It may be acquired again only when its handlers have ended: the same messages would be handled side by side. */
  #lost(): void {
    this.#handling.abort(new Error(`another member owns ${this.partition} by now`));
    void this.giveUp();
  }

  async #end(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop(this.#deadline)));
    await Promise.all(this.consumers.map((consumer) => consumer.leave()));
    await this.#parts.release(this.#owned);
    this.#parts.ended(this);
  }
}
