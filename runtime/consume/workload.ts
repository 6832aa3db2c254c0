import type { Delivery, Outcome } from "../broker/delivery.js";
import type { Member } from "../broker/member.js";
import type { Config } from "../config/config.js";
import { entityOf, typeOf } from "../contract/codec.js";
import type { Dispatcher, Ended } from "../handle/dispatcher.js";
import type { HookBus } from "../messaging/hooks.js";
import { Backlog } from "./backlog.js";
import type { Settler } from "./settler.js";

/** How many may wait behind others of their entity, beside what there is room for otherwise. */
const MOST_BLOCKED = 10_000;

/** So few entries begin at once, before the next read is sent; what is sent for them should not have to wait for that. */
export const FEW = 10;

/** What a workload asks of its consumer. */
export interface WorkloadOwner {
  /** Whether others may have taken what is in hand, since this was last asked. */
  readonly leaseLost: () => boolean;
  /** What had not begun was let go because of that. */
  readonly dropped: () => void;
  /**
   * Waits for a delivery's next try while it stays in hand; `undefined` when it is in hand no more, `null` when all
   * ends.
   */
  readonly retryInPlace: (delivery: Delivery, delayMs: number, error: unknown) => Promise<Delivery | undefined | null>;
  /** A failed delivery was laid aside for so long. */
  readonly parked: (delayMs: number) => void;
}

/**
 * What a consumer has in hand: the deliveries that wait, those that are handled, so many at once, and those whose end
 * Redis has not confirmed yet. It is bounded: as many as run at once, and as many again (one batch at most) that wait.
 */
export class Workload {
  readonly #member: Member;
  readonly #config: Config;
  readonly #dispatcher: Dispatcher;
  readonly #settler: Settler;
  readonly #owner: WorkloadOwner;
  readonly #hooks: HookBus;
  readonly #capacity: number;
  readonly #prefetch: number;
  readonly #backlog: Backlog;
  /** Everything handed to this consumer and not yet settled, by entry id. */
  readonly #inFlight = new Set<string>();
  /** Released for another try while their last one was still being settled. */
  readonly #returning = new Map<string, Delivery>();
  #running = 0;
  #pumping = false;
  #waiters: (() => void)[] = [];

  constructor(
    member: Member,
    config: Config,
    dispatcher: Dispatcher,
    settler: Settler,
    owner: WorkloadOwner,
    hooks: HookBus,
  ) {
    this.#member = member;
    this.#config = config;
    this.#dispatcher = dispatcher;
    this.#settler = settler;
    this.#owner = owner;
    this.#hooks = hooks;
    this.#prefetch = Math.min(config.batchSize, config.concurrency);
    this.#capacity = config.concurrency + this.#prefetch;
    this.#backlog = new Backlog(
      config.order === "entity" ? ({ fields }) => (fields === null ? undefined : entityOf(fields)) : undefined,
    );
  }

  /**
   * How many new ones may come. Reads are worth their round trip only when a good part of a batch has room.
   *
   * @param aside - how many that are in hand have not begun and take no room
   */
  room(aside: number): number {
    const places = this.#config.concurrency - this.#running;
    if (this.#backlog.ready - places > this.#prefetch / 2 || this.#backlog.blocked > MOST_BLOCKED) return 0;
    return Math.max(0, this.#capacity - this.#held(aside));
  }

  /** A little more than for new entries: those come whenever there is room, and retries would never have any. */
  roomForRetries(aside: number): number {
    return Math.max(0, this.#capacity + Math.ceil(this.#prefetch / 4) - this.#held(aside));
  }

  /** Resolves when there may be more room. */
  roomier(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Has everybody who waits for room look again. */
  wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  holds(id: string): boolean {
    return this.#inFlight.has(id);
  }

  /** Notes that an entry is in hand that does not come by {@link take}. */
  hold(id: string): void {
    this.#inFlight.add(id);
  }

  take(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // Found again as a stray, or claimed twice: it is in hand already.
      if (this.#inFlight.has(delivery.id)) continue;
      this.#inFlight.add(delivery.id);
      this.#backlog.push(delivery);
    }
    if (deliveries.length <= FEW) this.pump();
    else this.#pumpSoon();
  }

  /** A retry may be back before the answer that it was laid aside has been seen: then it waits for that. */
  takeAgain(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) if (this.#inFlight.has(delivery.id)) this.#returning.set(delivery.id, delivery);
    this.take(deliveries);
  }

  /**
   * Begins what waits, as far as there is a place for it. After a lapse of the lease (this process was stopped, or Redis
   * was away) what has not begun is let go instead: others may be at it.
   */
  pump(): void {
    if (this.#owner.leaseLost() && this.drop().length > 0) this.#owner.dropped();
    while (this.#running < this.#config.concurrency) {
      const delivery = this.#backlog.next();
      if (delivery === undefined) return;
      this.#begin(delivery, this.#endInLine);
    }
  }

  /** Has one delivery handled that did not wait in line; resolves when its handler has ended. */
  handle(delivery: Delivery): Promise<void> {
    return new Promise((resolve) =>
      this.#begin(delivery, (_, outcome) => {
        this.#end(delivery, outcome, false);
        this.#pumpSoon();
        resolve();
      }),
    );
  }

  /** Lets go of everything that has not begun, and says what that was. */
  drop(): readonly Delivery[] {
    const dropped = this.#backlog.drop();
    for (const { id } of dropped) this.#inFlight.delete(id);
    return dropped;
  }

  /** Redis has confirmed how the entry ended, or there is nothing to confirm. */
  settled(id: string): void {
    this.#inFlight.delete(id);
    const again = this.#returning.size === 0 ? undefined : this.#returning.get(id);
    if (again !== undefined) {
      this.#returning.delete(id);
      this.take([again]);
    }
    if (this.#waiters.length > 0) this.wake();
  }

  /** Resolves when nothing waits or runs any more, and Redis has confirmed how all of it ended. */
  async drained(): Promise<void> {
    while (this.#running > 0 || this.#backlog.ready > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await this.#settler.drained();
  }

  /** How a delivery ended, told to Redis. */
  settle(delivery: Delivery, outcome: Outcome): void {
    switch (outcome.kind) {
      case "done":
        if (outcome.answer === undefined) this.#settler.ack(delivery.id, delivery.attempt);
        else
          this.#settler.answer(delivery.id, outcome.answer, (error) => this.settle(delivery, { kind: "dead", error }));
        return;
      case "retry":
        this.#settler.park(delivery.id, outcome.delayMs, outcome.error);
        this.#owner.parked(outcome.delayMs);
        return;
      case "dead":
        this.#settler.bury(delivery, outcome.error, outcome.answer);
        this.#hooks.emit("deadLettered", { ...this.#placeOf(delivery), error: outcome.error });
    }
  }

  #held(aside: number): number {
    return this.#inFlight.size - this.#backlog.blocked - aside;
  }

  /** Has a delivery handled and settles it. What is handled at once costs no promise. */
  #begin(delivery: Delivery, ended: Ended): void {
    this.#running++;
    const outcome = this.#dispatcher.dispatch(delivery, ended);
    if (outcome !== undefined) ended(delivery, outcome);
  }

  /** One that came by the backlog, whose lane is free then. One function for all of them: most come so. */
  readonly #endInLine: Ended = (delivery, outcome) => {
    this.#end(delivery, outcome, true);
    this.#pumpSoon();
  };

  /**
   * When all that runs now has run. Handlers end many at once: their places are filled together. And of a large batch
   * nothing begins before its reader has asked for the next, which Redis then makes ready meanwhile.
   */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    process.nextTick(() => {
      this.#pumping = false;
      this.pump();
    });
  }

  /** @param inLine - whether it came by the backlog */
  #end(delivery: Delivery, outcome: Outcome, inLine: boolean): void {
    this.#running--;
    if (outcome.kind === "retry") {
      this.#hooks.emit("retried", { ...this.#placeOf(delivery), delayMs: outcome.delayMs });
      if (inLine && this.#config.order === "entity") {
        void this.#retryInLane(delivery, outcome.delayMs, outcome.error);
        return;
      }
    }
    this.settle(delivery, outcome);
    if (inLine) this.#backlog.finished(delivery);
    if (this.#running === 0 && this.#backlog.ready === 0) this.#settler.rest();
  }

  /** Keeps a failed delivery in hand, and with it its entity's lane, until it is tried again. */
  async #retryInLane(delivery: Delivery, delayMs: number, error: unknown): Promise<void> {
    const again = await this.#owner.retryInPlace(delivery, delayMs, error);
    // At the end it stays pending, and its followers behind it: all are given back together.
    if (again === null) return;
    if (again !== undefined) {
      this.#begin(again, this.#endInLine);
      return;
    }
    this.#backlog.finished(delivery);
    this.settled(delivery.id);
    this.pump();
  }

  #placeOf({ id, fields, attempt }: Delivery): {
    stream: string;
    group: string;
    entryId: string;
    type: string | undefined;
    attempt: number;
  } {
    const { keys, group } = this.#member;
    return { stream: keys.stream, group, entryId: id, type: fields === null ? undefined : typeOf(fields), attempt };
  }
}
