import { type Delivery, FEW, type Outcome } from "../broker/delivery.js";
import type { Holder } from "../broker/membership.js";
import { entityOf } from "../contract/codec.js";
import type { Ended } from "../handle/dispatcher.js";
import { withoutContext } from "../messaging/correlation.js";
import { Backlog } from "./backlog.js";
import type { ConsumerParts } from "./parts.js";
import { Settler } from "./settler.js";

/** How many deliveries may wait behind others of their entity, in addition to the capacity. */
const MOST_BLOCKED = 10_000;
/** How many entries that were taken over may wait. Only their ids are kept. */
const MOST_ASIDE = 100;

/**
 * The entries that a consumer holds: those that wait, those that are handled, at most `concurrency` at once, and those
 * whose settlement is not confirmed yet. As many may wait as run at once, but at most one batch.
 */
export class Workload implements Holder {
  readonly settler: Settler;
  /** Whether every entry that is pending for this consumer is held. Not so after a drop, or a reply that was lost. */
  isComplete = false;
  readonly #parts: ConsumerParts;
  readonly #prefetch: number;
  readonly #capacity: number;
  readonly #backlog: Backlog;
  /** The ids of entries that were delivered to this consumer and are not settled. */
  readonly #inFlight = new Set<string>();
  /** The ids of entries that were taken over and have not begun. They take no room. */
  readonly #aside = new Set<string>();
  /** Released for a retry before the settlement of their last attempt was confirmed. */
  readonly #returning = new Map<string, Delivery>();
  #isOpen = false;
  #running = 0;
  #pumping = false;
  #waiters: (() => void)[] = [];
  #idlers: (() => void)[] = [];

  constructor(parts: ConsumerParts) {
    const { batchSize, concurrency, order } = parts.config;
    this.#parts = parts;
    this.settler = new Settler(parts, (id) => this.settled(id));
    this.#prefetch = Math.min(batchSize, concurrency);
    this.#capacity = concurrency + this.#prefetch;
    this.#backlog = new Backlog(order === "entity" ? ({ fields }) => entityOf(fields ?? []) : undefined);
  }

  /** Lets entries in. Before the first heartbeat the consumer would look abandoned to others. */
  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The number of new entries that may come. A read is worth its round trip only for a good part of a batch. */
  get room(): number {
    const places = this.#parts.config.concurrency - this.#running;
    const isCrowded = this.#backlog.ready - places > this.#prefetch / 2 || this.#backlog.blocked > MOST_BLOCKED;
    const room = isCrowded ? 0 : this.#roomIn(this.#capacity);
    return room < this.#prefetch / 2 ? 0 : room;
  }

  /** A little more than for new entries, which would take every place that becomes free before a retry does. */
  get roomForRetries(): number {
    return this.#roomIn(this.#capacity + Math.ceil(this.#prefetch / 4));
  }

  /** Resolves when there may be more room. */
  roomier(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  holds(id: string): boolean {
    return this.#inFlight.has(id) || this.#aside.has(id);
  }

  get roomAside(): number {
    return this.#isOpen ? MOST_ASIDE - this.#aside.size : 0;
  }

  /** Holds entries that were taken over, each until it is admitted. */
  setAside(ids: readonly string[]): void {
    for (const id of ids) if (!this.#inFlight.has(id)) this.#aside.add(id);
  }

  /** Counts the next entry that was set aside as in flight, until {@link handle} or {@link settled}. */
  admit(): string | undefined {
    const [id] = this.#aside;
    if (id === undefined) return undefined;
    this.#aside.delete(id);
    this.#inFlight.add(id);
    return id;
  }

  take(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // A stray, or one that was claimed twice, may be held already.
      if (this.#aside.has(delivery.id)) continue;
      const held = this.#inFlight.size;
      if (this.#inFlight.add(delivery.id).size > held) this.#backlog.push(delivery);
    }
    if (deliveries.length <= FEW) this.#pump();
    else this.#pumpSoon();
  }

  /** Takes retries. One that is released before the confirmation that it was parked has arrived waits for that. */
  takeAgain(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) if (this.#inFlight.has(delivery.id)) this.#returning.set(delivery.id, delivery);
    this.take(deliveries);
  }

  /** Has a delivery handled that does not wait in the backlog. Resolves when its handler has ended. */
  handle(delivery: Delivery): Promise<void> {
    return new Promise((resolve) => {
      const ended: Ended = (_, outcome) => {
        this.#end(delivery, outcome, false);
        resolve();
      };
      withoutContext(() => this.#begin(delivery, ended));
    });
  }

  /** The entry's settlement is confirmed, or there is nothing to settle. */
  settled(id: string): void {
    this.#inFlight.delete(id);
    const again = this.#returning.size === 0 ? undefined : this.#returning.get(id);
    if (again !== undefined) {
      this.#returning.delete(id);
      this.take([again]);
    }
    if (this.#waiters.length > 0) this.wake();
  }

  /** Forgets every delivery that has not begun, and returns them. */
  drop(): readonly Delivery[] {
    const dropped = this.#backlog.drop();
    for (const { id } of dropped) this.#inFlight.delete(id);
    return dropped;
  }

  /** The ids of those that have begun, or that wait for others of their lane, once the rest is dropped. */
  get begun(): readonly string[] {
    return [...this.#inFlight];
  }

  /** Resolves when no delivery waits or runs, and every settlement is confirmed. */
  async drained(): Promise<void> {
    while (!this.#isIdle) await new Promise<void>((resolve) => this.#idlers.push(resolve));
    await this.settler.drained();
  }

  get #isIdle(): boolean {
    return this.#running === 0 && this.#backlog.ready === 0;
  }

  #roomIn(capacity: number): number {
    return this.#isOpen ? Math.max(0, capacity - (this.#inFlight.size - this.#backlog.blocked)) : 0;
  }

  /**
   * Begins waiting deliveries as far as there are places. After the lease lapsed (this process was stopped, or Redis
   * was away) they are dropped instead: other members may handle them. Those that still belong to this consumer are
   * found again before the next read.
   */
  #pump(): void {
    if (this.#parts.membership.lapsed() && this.drop().length > 0) {
      this.isComplete = false;
      this.wake();
    }
    withoutContext(this.#beginWaiting);
    if (this.#idlers.length > 0 && this.#isIdle) for (const resolve of this.#idlers.splice(0)) resolve();
  }

  /**
   * Pumps when everything that runs now has run: the places of handlers that end together are filled together, and no
   * delivery of a large batch begins before its reader has sent the next read, which Redis then prepares meanwhile.
   */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    process.nextTick(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  readonly #beginWaiting = (): void => {
    while (this.#running < this.#parts.config.concurrency) {
      const delivery = this.#backlog.next();
      if (delivery === undefined) break;
      this.#begin(delivery, this.#endInLine);
    }
  };

  /** A handler that ends at once costs no promise. */
  #begin(delivery: Delivery, ended: Ended): void {
    this.#running++;
    const outcome = this.#parts.dispatcher.dispatch(delivery, ended);
    if (outcome !== undefined) ended(delivery, outcome);
  }

  readonly #endInLine: Ended = (delivery, outcome) => this.#end(delivery, outcome, true);

  #end(delivery: Delivery, outcome: Outcome, inLine: boolean): void {
    this.#running--;
    if (inLine && outcome.kind === "retry" && this.#parts.config.order === "entity") {
      void this.#retryInLane(delivery, outcome.delayMs, outcome.error);
    } else {
      this.settler.settle(delivery, outcome, !inLine);
      if (inLine) this.#backlog.finished(delivery);
      if (this.#isIdle) this.settler.rest();
    }
    this.#pumpSoon();
  }

  /** Keeps a failed delivery, and with it its entity's lane, until it is tried again. */
  async #retryInLane(delivery: Delivery, delayMs: number, error: unknown): Promise<void> {
    await this.settler.recordFailure(delivery, delayMs, error);
    // At the end it stays pending, and its followers behind it: all are given back together.
    if (!(await this.#parts.reading.for(delayMs))) return;
    const again = await this.settler.adopt(delivery.id, delivery.attempt);
    if (again === null) return;
    if (again !== undefined) {
      withoutContext(() => this.#begin(again, this.#endInLine));
      return;
    }
    this.#backlog.finished(delivery);
    this.settled(delivery.id);
    this.#pump();
  }
}
