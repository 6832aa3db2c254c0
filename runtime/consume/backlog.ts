import type { Delivery } from "../broker/delivery.js";

/** What must be handled one after another: an entity's messages. `undefined` for what need not. */
export type LaneOf = (delivery: Delivery) => string | undefined;

/**
 * Deliveries that wait for their turn. Those of one lane come one after another, in the order in which they arrived;
 * a lane is free again when its delivery is {@link finished}.
 */
export class Backlog {
  readonly #laneOf: LaneOf | undefined;
  readonly #lanes = new Map<string, Lane>();
  #ready: Delivery[] = [];
  #head = 0;
  #blocked = 0;

  constructor(laneOf: LaneOf | undefined) {
    this.#laneOf = laneOf;
  }

  /** How many could run now. */
  get ready(): number {
    return this.#ready.length - this.#head;
  }

  /** How many wait for another of their lane. */
  get blocked(): number {
    return this.#blocked;
  }

  push(delivery: Delivery): void {
    const name = this.#laneOf?.(delivery);
    const lane = name === undefined ? undefined : this.#lanes.get(name);
    if (lane !== undefined) {
      lane.followers.push(delivery);
      this.#blocked++;
      return;
    }
    if (name !== undefined) this.#lanes.set(name, { begun: false, followers: [] });
    this.#ready.push(delivery);
  }

  /** Begins the next. */
  next(): Delivery | undefined {
    const delivery = this.#ready[this.#head];
    if (delivery === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#ready.length || this.#head > 1000) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    const lane = this.#lane(delivery);
    if (lane !== undefined) lane.begun = true;
    return delivery;
  }

  /** Lets the next of the delivery's lane come. */
  finished(delivery: Delivery): void {
    const lane = this.#lane(delivery);
    if (lane === undefined) return;
    const follower = lane.followers.shift();
    if (follower === undefined) {
      this.#lanes.delete(this.#laneOf?.(delivery) as string);
      return;
    }
    lane.begun = false;
    this.#blocked--;
    this.#ready.push(follower);
  }

  /** Empties it of everything that has not begun, and says what that was. */
  drop(): Delivery[] {
    const dropped = this.#ready.slice(this.#head);
    this.#ready = [];
    this.#head = 0;
    this.#blocked = 0;
    for (const [name, lane] of this.#lanes) {
      dropped.push(...lane.followers.splice(0));
      if (!lane.begun) this.#lanes.delete(name);
    }
    return dropped;
  }

  #lane(delivery: Delivery): Lane | undefined {
    const name = this.#laneOf?.(delivery);
    return name === undefined ? undefined : this.#lanes.get(name);
  }
}

interface Lane {
  /** Whether its first delivery is being handled. */
  begun: boolean;
  readonly followers: Delivery[];
}
