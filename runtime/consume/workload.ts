import { type Delivery, FEW, type Outcome } from "../broker/delivery.js";
import type { Holder } from "../broker/membership.js";
import { entityOf, typeOf } from "../contract/codec.js";
import type { Ended } from "../handle/dispatcher.js";
import { adopt } from "./adopt.js";
import type { Alarm } from "./alarm.js";
import { Backlog } from "./backlog.js";
import type { ConsumerParts } from "./parts.js";
import { Settler } from "./settler.js";

/** How many deliveries may wait behind others of their entity, in addition to the capacity. */
const MOST_BLOCKED = 10_000;

/**
 * The entries that a consumer holds: deliveries that wait, those that are handled, at most `concurrency` at once, and
 * those whose settlement is not confirmed yet. It is bounded: as many as run at once, and as many again, one batch at
 * most, that wait.
 */
export class Workload implements Holder {
  readonly #parts: ConsumerParts;
  readonly #settler: Settler;
  readonly #capacity: number;
  readonly #prefetch: number;
  readonly #backlog: Backlog;
  /** Everything that was delivered to this consumer and is not settled, by entry id. */
  readonly #inFlight = new Set<string>();
  /** Entries that were taken over and have not begun. They take no room. */
  readonly #aside = new Set<string>();
  /** Released for another attempt while the settlement of their last one is not confirmed. */
  readonly #returning = new Map<string, Delivery>();
  #isOpen = false;
  #running = 0;
  #drops = 0;
  #pumping = false;
  #waiters: (() => void)[] = [];
  #idlers: (() => void)[] = [];

  constructor(parts: ConsumerParts, alarm: Alarm) {
    const { config } = parts;
    this.#parts = parts;
    this.#settler = new Settler(parts, alarm, (id) => this.settled(id));
    this.#prefetch = Math.min(config.batchSize, config.concurrency);
    this.#capacity = config.concurrency + this.#prefetch;
    this.#backlog = new Backlog(
      config.order === "entity" ? ({ fields }) => (fields === null ? undefined : entityOf(fields)) : undefined,
    );
  }

  /** Lets entries in. Before the first heartbeat the consumer would look abandoned to others. */
  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How many new entries may come. A read is worth its round trip only when a good part of a batch has room. */
  get room(): number {
    const places = this.#parts.config.concurrency - this.#running;
    const isCrowded = this.#backlog.ready - places > this.#prefetch / 2 || this.#backlog.blocked > MOST_BLOCKED;
    return this.#isOpen && !isCrowded ? Math.max(0, this.#capacity - this.#held) : 0;
  }

  /** A little more than for new entries, which would take every place that becomes free before a retry does. */
  get roomForRetries(): number {
    return this.#isOpen ? Math.max(0, this.#capacity + Math.ceil(this.#prefetch / 4) - this.#held) : 0;
  }

  /** How often waiting deliveries were dropped, because other members may have taken them. */
  get drops(): number {
    return this.#drops;
  }

  /** Resolves when there may be more room. */
  roomier(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Has everyone who waits for room look again. */
  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  holds(id: string): boolean {
    return this.#inFlight.has(id) || this.#aside.has(id);
  }

  /** Holds an entry that was taken over, until {@link handle} or {@link settled}. */
  setAside(id: string): void {
    this.#aside.add(id);
  }

  /** Counts an entry that was set aside as in flight. */
  admit(id: string): void {
    this.#aside.delete(id);
    this.#inFlight.add(id);
  }

  take(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // It was found as a stray or claimed twice: it is held already.
      if (this.holds(delivery.id)) continue;
      this.#inFlight.add(delivery.id);
      this.#backlog.push(delivery);
    }
    if (deliveries.length <= FEW) this.#pump();
    else this.#pumpSoon();
  }

  /** A retry may be released before the confirmation that it was parked has arrived. Then it waits for that. */
  takeAgain(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) if (this.#inFlight.has(delivery.id)) this.#returning.set(delivery.id, delivery);
    this.take(deliveries);
  }

  /** Has a delivery handled that does not wait in the backlog. Resolves when its handler has ended. */
  handle(delivery: Delivery): Promise<void> {
    return new Promise((resolve) =>
      this.#begin(delivery, (_, outcome) => {
        this.#end(delivery, outcome, false);
        this.#pumpSoon();
        resolve();
      }),
    );
  }

  /** Settles a delivery whose handler did not run. */
  settle(delivery: Delivery, outcome: Outcome): void {
    this.#settler.settle(delivery, outcome);
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

  /** Resolves when every settlement so far is confirmed. */
  flushed(): Promise<void> {
    return this.#settler.flushed();
  }

  /** Resolves when no delivery waits or runs, and every settlement is confirmed. */
  async drained(): Promise<void> {
    while (!this.#isIdle) await new Promise<void>((resolve) => this.#idlers.push(resolve));
    await this.#settler.drained();
  }

  get #isIdle(): boolean {
    return this.#running === 0 && this.#backlog.ready === 0;
  }

  get #held(): number {
    return this.#inFlight.size - this.#backlog.blocked;
  }

  /**
   * Begins waiting deliveries as far as there are places. After the lease lapsed (this process was stopped, or Redis
   * was away) they are dropped instead: other members may handle them. What still belongs to this consumer is found
   * again before the next read.
   */
  #pump(): void {
    if (this.#parts.membership.lapsed() && this.drop().length > 0) {
      this.#drops++;
      this.wake();
    }
    while (this.#running < this.#parts.config.concurrency) {
      const delivery = this.#backlog.next();
      if (delivery === undefined) break;
      this.#begin(delivery, this.#endInLine);
    }
    if (this.#idlers.length > 0 && this.#isIdle) for (const resolve of this.#idlers.splice(0)) resolve();
  }

  /**
   * Pumps when everything that runs now has run. Many handlers end at once, so their places are filled together. And no
   * delivery of a large batch begins before its reader has sent the next read, which Redis then prepares meanwhile.
   */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Has a delivery handled and settles it. A handler that ends at once costs no promise. */
  #begin(delivery: Delivery, ended: Ended): void {
    this.#running++;
    const outcome = this.#parts.dispatcher.dispatch(delivery, ended);
    if (outcome !== undefined) ended(delivery, outcome);
  }

  /** For deliveries of the backlog: one function for all of them. */
  readonly #endInLine: Ended = (delivery, outcome) => {
    this.#end(delivery, outcome, true);
    this.#pumpSoon();
  };

  /** @param inLine - whether the delivery came from the backlog */
  #end(delivery: Delivery, outcome: Outcome, inLine: boolean): void {
    this.#running--;
    if (outcome.kind === "retry") {
      this.#tellRetry(delivery, outcome.delayMs);
      if (inLine && this.#parts.config.order === "entity") {
        void this.#retryInLane(delivery, outcome.delayMs, outcome.error);
        return;
      }
    }
    this.#settler.settle(delivery, outcome);
    if (inLine) this.#backlog.finished(delivery);
    if (this.#isIdle) this.#settler.rest();
  }

  /** Keeps a failed delivery, and with it its entity's lane, until it is tried again. */
  async #retryInLane(delivery: Delivery, delayMs: number, error: unknown): Promise<void> {
    await this.#settler.recordFailure(delivery.id, error);
    // At the end it stays pending, and its followers behind it: all are given back together.
    if (!(await this.#parts.reading.for(delayMs))) return;
    const again = await adopt(this.#parts, delivery.id);
    if (again === null) return;
    if (again !== undefined) {
      this.#begin(again, this.#endInLine);
      return;
    }
    this.#backlog.finished(delivery);
    this.settled(delivery.id);
    this.#pump();
  }

  #tellRetry({ id, fields, attempt }: Delivery, delayMs: number): void {
    const { stream, group } = this.#parts.membership;
    const type = fields === null ? undefined : typeOf(fields);
    this.#parts.hooks.emit("retried", { stream, group, entryId: id, type, attempt, delayMs });
  }
}
