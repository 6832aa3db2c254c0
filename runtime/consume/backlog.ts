import type { Delivery } from "../broker/delivery.js";

/** Names the lane of a delivery, `undefined` for one that need not keep an order. */
export type LaneOf = (delivery: Delivery) => string | undefined;

/** Deliveries in the order of their arrival. In a lane, each waits until the one before it is {@link finished}. */
export class Backlog {
  readonly #laneOf: LaneOf | undefined;
  /** The deliveries of each lane that wait behind its first, which is ready or has begun. */
  readonly #lanes = new Map<string, Delivery[]>();
  #ready: Delivery[] = [];
  #head = 0;
  #blocked = 0;

  constructor(laneOf: LaneOf | undefined) {
    this.#laneOf = laneOf;
  }

  /** The number of deliveries that could run now. */
  get ready(): number {
    return this.#ready.length - this.#head;
  }
  /** The number of deliveries that wait for another of their lane. */
  get blocked(): number {
    return this.#blocked;
  }

  push(delivery: Delivery): void {
    const lane = this.#laneOf?.(delivery);
    const followers = lane === undefined ? undefined : this.#lanes.get(lane);
    if (followers !== undefined) {
      followers.push(delivery);
      this.#blocked++;
      return;
    }
    if (lane !== undefined) this.#lanes.set(lane, []);
    this.#ready.push(delivery);
  }

  /** Begins the next delivery. */
  next(): Delivery | undefined {
    const delivery = this.#ready[this.#head];
    if (delivery === undefined) return undefined;
    this.#head++;
    // Stryker disable all: it frees memory, which changes nothing that can be seen
    if (this.#head === this.#ready.length || this.#head > 1000) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    // Stryker restore all
    return delivery;
  }

  /** Makes the next delivery of this one's lane ready. */
  finished(delivery: Delivery): void {
    const lane = this.#laneOf?.(delivery);
    if (lane === undefined) return;
    const follower = this.#lanes.get(lane)?.shift();
    if (follower === undefined) {
      this.#lanes.delete(lane);
    } else {
      this.#blocked--;
      this.#ready.push(follower);
    }
  }

  /** Removes and returns every delivery that has not begun. The lanes of those that have begun stay taken. */
  drop(): Delivery[] {
    const ready = this.#ready.slice(this.#head);
    const blocked = [...this.#lanes.values()].flatMap((followers) => followers.splice(0));
    this.#ready = [];
    this.#head = 0;
    this.#blocked = 0;
    for (const delivery of ready) {
      const lane = this.#laneOf?.(delivery);
      if (lane !== undefined) this.#lanes.delete(lane);
    }
    return [...ready, ...blocked];
  }
}
