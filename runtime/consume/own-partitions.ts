import type { Shares } from "../broker/shares.js";
import type { Pause, ReportTrouble } from "../time/pause.js";
import type { StreamConsumer } from "./consumer.js";
import { type Owned, PartitionOwner, type PartitionParts } from "./partition-owner.js";

/** Between two attempts to acquire a partition whose owner has not given it up yet. */
const [SHORTEST_MS, LONGEST_MS] = [100, 1000];
/** After so many of them it asks the owner, which may not know that the lease still names it. */
const CLAIM_EVERY = 10;

export interface OwnPartitionsParts extends Pick<PartitionParts, "home"> {
  readonly stream: string;
  readonly shares: Shares;
  readonly trouble: ReportTrouble;
  /** Ends when the service stops. */
  readonly pause: Pause;
  /** The place of a partition among those of the stream. */
  readonly indexOf: (partition: string) => number;
  readonly consumerOf: (partition: string, ...given: Parameters<PartitionParts["consumerOf"]>) => StreamConsumer;
  /** Told of each consumer that begins to read, and that has ended. */
  readonly begun: (consumer: StreamConsumer) => void;
  readonly ended: (consumer: StreamConsumer) => void;
}

/** The partitions of a stream that are one member's: it acquires those of its share, and gives up all others. */
export class OwnPartitions {
  readonly #parts: OwnPartitionsParts;
  readonly #owners = new Map<string, PartitionOwner>();
  /** What is being acquired, or freed without having been read. */
  readonly #changing = new Map<string, Promise<void>>();
  /** What it is to own. */
  #share: ReadonlySet<string> = new Set();
  #since = 0;

  constructor(parts: OwnPartitionsParts) {
    this.#parts = parts;
  }

  get names(): readonly string[] {
    return [...this.#owners.keys()];
  }

  get consumers(): readonly StreamConsumer[] {
    return [...this.#owners.values()].flatMap((owner) => owner.consumers);
  }

  /** @param since - when its service was started, in ms on the monotonic clock */
  start(since: number): void {
    this.#since = since;
  }

  /** Learns what it is to own. */
  share(partitions: readonly string[]): void {
    this.#share = new Set(partitions);
    for (const [partition, owner] of this.#owners) if (!this.#share.has(partition)) void owner.giveUp();
    for (const partition of partitions) this.#take(partition);
  }

  /**
   * Frees a partition whose lease names this member unknown to it: the reply that made it the owner was lost, or a failover has
   * undone the release. Where it does own the partition, that is freed when its handlers have ended.
   */
  concede(partition: string): void {
    const { shares, trouble } = this.#parts;
    if (this.#isBusy(partition)) return;
    // It is claimed again where this fails.
    this.#change(partition, () => shares.concede(partition).catch((error) => trouble(`freeing ${partition}`, error)));
  }

  /** Acquires nothing more. Resolves to what is left to be stopped. */
  async close(): Promise<readonly PartitionOwner[]> {
    this.#share = new Set();
    await Promise.all(this.#changing.values());
    return [...this.#owners.values()];
  }

  #isBusy(partition: string): boolean {
    return this.#changing.has(partition) || this.#owners.has(partition);
  }

  /** Acquires a partition of its share, and reads it, unless that is done already. */
  #take(partition: string): void {
    if (!this.#share.has(partition) || this.#isBusy(partition) || this.#parts.pause.signal.aborted) return;
    this.#change(partition, async () => {
      const owned = await this.#acquire(partition);
      if (owned === undefined) return;
      if (this.#share.has(partition)) this.#own(owned);
      // It is to be another's by now, or this service stops.
      else await this.#release(owned);
    });
  }

  #change(partition: string, work: () => Promise<void>): void {
    const changed = work().then(() => {
      this.#changing.delete(partition);
      // The plan may have changed once more meanwhile.
      this.#take(partition);
    });
    this.#changing.set(partition, changed);
  }

  async #acquire(partition: string): Promise<Owned | undefined> {
    const { stream, shares, pause, indexOf } = this.#parts;
    for (let [tries, failures] = [0, 0]; this.#share.has(partition); ) {
      try {
        const acquired = await shares.acquire(partition);
        const { epoch } = acquired;
        if (epoch !== undefined) return { stream, partition, index: indexOf(partition), epoch };
        if (++tries % CLAIM_EVERY === 0 && acquired.lives) await shares.claim(partition, acquired.owner);
        failures = 0;
        if (!(await pause.for(Math.min(LONGEST_MS, SHORTEST_MS * 1.25 ** tries)))) return undefined;
      } catch (error) {
        if (!(await pause.afterFailure(failures++, `acquiring ${partition}`, error))) return undefined;
      }
    }
    return undefined;
  }

  /** Until it is answered: the lease of a member that lives is not taken over, but that of one which has stopped is. */
  async #release(owned: Owned): Promise<void> {
    const { shares, pause } = this.#parts;
    for (let failures = 0; ; ) {
      try {
        return await shares.release(owned);
      } catch (error) {
        if (!(await pause.afterFailure(failures++, `releasing ${owned.partition}`, error))) return;
      }
    }
  }

  #own(owned: Owned): void {
    const { shares, home, consumerOf, begun, ended } = this.#parts;
    const { partition } = owned;
    const owner = new PartitionOwner(owned, {
      release: (given) => this.#release(given),
      home,
      consumerOf: (place, handling) => consumerOf(partition, place, handling),
      ended: () => {
        for (const consumer of owner.consumers) ended(consumer);
        this.#owners.delete(partition);
        // The plan may have changed once more, or another member had taken it for dead.
        this.#take(partition);
      },
    });
    this.#owners.set(partition, owner);
    for (const consumer of owner.consumers) begun(consumer);
    owner.start(this.#since);
    // It is repeated with those of the others.
    shares.serve([partition]).catch(() => {});
  }
}
