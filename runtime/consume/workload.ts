import { type Delivery, FEW } from "../broker/delivery.js";
import type { Leaving, TakenOver } from "../broker/membership.js";
import { orderedBy } from "../contract/key.js";
import { Backlog } from "./backlog.js";
import { Holdings } from "./holdings.js";
import { Lapses } from "./lapses.js";
import type { ConsumerParts, Watching } from "./parts.js";
import { Runner } from "./runner.js";
import { Settler } from "./settler.js";
import { Waiters } from "./waiters.js";
import type { Placeholder } from "./waiting.js";

/** How many entries may wait behind others of their entity, in addition to the capacity. Most are held by their ids. */
const MOST_BLOCKED = 100_000;
/** For so many entries that are taken over there is room in any case. Only their ids are held. */
const FEWEST_TAKEN_OVER = 20;

/**
 * The entries that a consumer holds, however they came to it: those that wait, those that are handled, at most
 * `concurrency` at once, and those whose settlement is not confirmed yet. As many may wait as run at once, but at most one
 * batch. What waits for another entry, for its retry or for the next acknowledgement takes no room. The text of all of them
 * is bounded, too.
 */
export class Workload {
  readonly settler: Settler;
  readonly lapses: Lapses;
  /** Whether every entry that is pending for this consumer is held. Not so after a lapse, or a reply that was lost. */
  isComplete = false;
  readonly #parts: ConsumerParts;
  readonly #prefetch: number;
  readonly #capacity: number;
  readonly #hasLanes: boolean;
  readonly #backlog: Backlog;
  readonly #runner: Runner;
  /** The entries that were delivered to this consumer and are not settled. */
  readonly #holdings: Holdings;
  /** Released for a retry before the settlement of their last attempt was confirmed. */
  readonly #returning = new Map<string, { readonly delivery: Delivery; readonly since: number }>();
  /** Delivered once more before their settlement was confirmed, which may have come to Redis before. */
  readonly #redelivered = new Set<string>();
  #isOpen = false;
  readonly #waiters = new Waiters();

  constructor(parts: ConsumerParts) {
    const { batchSize, concurrency, order, bufferBytes } = parts.config;
    this.#parts = parts;
    this.lapses = new Lapses({
      ...{ membership: parts.membership, hooks: parts.hooks },
      untilDone: (what, work) => this.settler.untilDone(what, work),
      handled: () => this.handled(),
      contest: () => this.#backlog.contest(),
      suspectLoss: () => this.suspectLoss(),
    });
    const watching: Watching = {
      settled: (id) => this.settled(id),
      moved: () => this.#moved(),
      unloaded: (id) => this.#unloaded(id),
      lapses: this.lapses,
    };
    this.settler = new Settler(parts, watching);
    this.#prefetch = Math.min(batchSize, concurrency);
    this.#capacity = concurrency + this.#prefetch;
    this.#hasLanes = order === "entity";
    const holdings = new Holdings(bufferBytes);
    this.#holdings = holdings;
    this.#backlog = new Backlog(this.#hasLanes ? (fields) => orderedBy(fields ?? []) : undefined, holdings);
    this.#runner = new Runner(parts, { backlog: this.#backlog, holdings, settler: this.settler, watching });
  }

  /** Lets entries in. Before the first heartbeat the consumer would look abandoned to others. */
  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets entries begin: with an order, when everything is here that comes before what is read from now on. */
  begin(): void {
    this.#runner.open();
  }

  /** The number of new entries that may come. A read is worth its round trip only for a good part of a batch. */
  get room(): number {
    const places = this.#parts.config.concurrency - this.#runner.running;
    const isCrowded = this.#backlog.ready - places > this.#prefetch / 2 || this.#backlog.blocked > MOST_BLOCKED;
    const room = isCrowded || this.#parts.halt.isTotal || this.spareBytes <= 0 ? 0 : this.#roomIn(this.#capacity);
    return room < this.#prefetch / 2 ? 0 : room;
  }

  /** How much more text may come. Not positive when no more may. */
  get spareBytes(): number {
    return this.#holdings.spareBytes;
  }

  /** A little more than for new entries, which would take every place that becomes free before a retry does. */
  get roomForRetries(): number {
    const isFull = this.spareBytes + this.#parts.config.replyBytes / 2 <= 0;
    return isFull ? 0 : this.#roomIn(this.#capacity + Math.ceil(this.#prefetch / 4));
  }

  /** Entries that are taken over wait by their ids. To keep the order of their lanes, all of them must come. */
  get roomForTakenOver(): number {
    if (!this.#isOpen) return 0;
    if (this.#hasLanes) return MOST_BLOCKED;
    return Math.max(0, Math.max(this.#capacity, FEWEST_TAKEN_OVER) - this.#backlog.unfetched);
  }

  /** Resolves when there may be more room. */
  roomier(): Promise<void> {
    return this.#waiters.wait();
  }

  wake(): void {
    this.#waiters.wake();
  }

  /** Entries may have been delivered to this consumer that did not arrive: the reader looks for them. */
  suspectLoss(): void {
    this.isComplete = false;
    this.wake();
  }

  holds(id: string): boolean {
    return this.#holdings.has(id);
  }

  /**
   * @param since - what {@link Lapses.notice} returned when they were asked for
   * @param areMore - whether more of the same kind are about to come
   */
  take(deliveries: readonly Delivery[], since: number, areMore = false): void {
    this.#runner.expectsMore = areMore;
    for (const delivery of deliveries) {
      const { id } = delivery;
      // A stray, or one that was claimed twice, may be held already.
      if (!this.holds(id)) this.#backlog.push(delivery);
      else if (!this.#returning.has(id) && this.settler.settling.has(id)) this.#redelivered.add(id);
    }
    if (this.lapses.notice() !== since) this.#backlog.contest();
    if (deliveries.length <= FEW) this.#runner.pump();
    else this.#runner.pumpSoon();
  }

  /** Takes retries. One that is released before the confirmation that it was parked has arrived waits for that. */
  takeAgain(deliveries: readonly Delivery[], since: number): void {
    const { settling } = this.settler;
    for (const delivery of deliveries) {
      // One that is not held any more is settled, although its settlement may still be about to end.
      if (this.holds(delivery.id) && settling.has(delivery.id)) this.#returning.set(delivery.id, { delivery, since });
    }
    this.take(deliveries, since);
  }

  /** Takes entries of a dead consumer. Those that may have killed it run one at a time. */
  takeOver(entries: readonly TakenOver[]): void {
    this.lapses.notice();
    for (const { id, fields, attempt, isSuspect } of entries) {
      const waiting = { attempt, isTakenOver: true, isAlone: isSuspect, delivery: undefined };
      const held = this.#backlog.placeholder(id);
      // It was taken from this consumer before, and has not begun here. If it has, its handler decides on it.
      if (held !== undefined) this.#backlog.retake(held, waiting);
      else if (!this.#holdings.has(id)) this.#backlog.push({ id, ...waiting }, fields);
    }
    this.#runner.pumpSoon();
  }

  /** The entry's settlement is confirmed, or there is nothing to settle. */
  settled(id: string): void {
    this.#holdings.drop(id);
    // By a group that was set back or created anew: only Redis knows whether it was acknowledged before or after.
    if (this.#redelivered.size > 0 && this.#redelivered.delete(id)) this.suspectLoss();
    const again = this.#returning.size === 0 ? undefined : this.#returning.get(id);
    if (again !== undefined) {
      this.#returning.delete(id);
      this.take([again.delivery], again.since);
    }
    this.#lightened();
  }

  /** Begins no entry any more of which only the id is held. */
  stop(): void {
    this.#runner.expectsMore = false;
    this.#backlog.stop();
    this.wake();
  }

  /** Begins nothing any more: what waits is given back, or is another member's. */
  forsake(): void {
    this.#backlog.contest();
    this.stop();
  }

  /** Resolves when no delivery waits or runs, and every settlement is confirmed. To be called after {@link stop}. */
  async drained(): Promise<void> {
    await this.#runner.idle();
    await this.settler.drained();
  }

  /** Ends it. Returns the ids of the entries that it holds. */
  close(): Omit<Leaving, "failure"> {
    this.#isOpen = false;
    // What was handled a moment ago is acknowledged before the rest is given back.
    void this.settler.flushed();
    const waiting = [...this.#backlog.remaining(), ...this.#runner.fetching];
    const ids = (entries: readonly Placeholder[]): string[] => entries.map(({ id }) => id);
    // Neither what was taken over and waits, nor what is being settled: either may have been settled by now.
    return {
      unbegun: ids(waiting.filter(({ attempt }) => attempt === 0)),
      begun: this.handled(),
      failed: waiting.filter(({ attempt, isTakenOver }) => attempt > 0 && !isTakenOver),
      isContested: waiting.some(({ isTakenOver }) => isTakenOver),
    };
  }

  /** The ids of those whose handler has begun, and whose settlement has not. */
  handled(): string[] {
    const others = new Set([...this.settler.settling, ...[...this.#runner.fetching].map(({ id }) => id)]);
    return this.#holdings.ids().filter((id) => this.#backlog.placeholder(id) === undefined && !others.has(id));
  }

  #unloaded(id: string): void {
    if (this.#holdings.has(id)) this.#holdings.hold(id, 0);
    this.#lightened();
  }

  #lightened(): void {
    if (this.#runner.fetching.size > 0) this.#runner.pumpSoon();
    if (this.#waiters.areAny) this.wake();
  }

  #moved(): void {
    if (this.#waiters.areAny && this.room > 0) this.wake();
  }

  #roomIn(capacity: number): number {
    if (!this.#isOpen) return 0;
    return Math.max(0, capacity + this.#backlog.blocked + this.settler.gathered - this.#holdings.size);
  }
}
