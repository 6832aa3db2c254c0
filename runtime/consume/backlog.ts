import type { Delivery } from "../broker/delivery.js";
import type { FlatFields } from "../contract/codec.js";
import type { Holdings } from "./holdings.js";
import { Queue } from "./queue.js";
import {
  isAlone,
  isBefore,
  isFetchedAhead,
  isPlaceholder,
  lengthOf,
  type Placeholder,
  unloaded,
  type Waiting,
} from "./waiting.js";

/** Names the lane of an entry, `undefined` for one that need not keep an order. */
export type LaneOf = (fields: FlatFields | null) => string | undefined;

/** The entries of one lane that have not begun, in the order of their ids. */
interface Lane {
  readonly name: string;
  readonly queue: Queue<Waiting>;
}

/**
 * The entries that wait for their turn. Without lanes they begin in the order of their arrival. With lanes, an entry
 * begins when the one before it in its lane is {@link finished}, and the entries of a lane in the order of their ids,
 * however they came. Of those that may have killed their process one begins at a time. An entry for whose text there is no
 * room waits by its id.
 */
export class Backlog {
  readonly #laneOf: LaneOf | undefined;
  readonly #holdings: Holdings;
  /** Those of which an entry waits, is handled or is to be retried. */
  readonly #lanes = new Map<string, Lane>();
  /** By the ids of their entries that have begun. */
  readonly #begun = new Map<string, Lane>();
  readonly #placeholders = new Map<string, Placeholder>();
  /** Whose turn it is: lanes, or entries where there are none. */
  readonly #ready = new Queue<Waiting | Lane>();
  /** Whose turn it is when no other of them has begun. */
  readonly #suspects = new Queue<Waiting | Lane>();
  #suspect: string | undefined;
  #inLanes = 0;
  /** How much text waits in lanes. */
  #length = 0;
  #isStopping = false;
  /** Whether anything has come to wait since it was last contested. */
  #hasChanged = false;

  constructor(laneOf: LaneOf | undefined, holdings: Holdings) {
    this.#laneOf = laneOf;
    this.#holdings = holdings;
  }

  /** The number of entries that could begin now, without those that begin one at a time. */
  get ready(): number {
    return this.#ready.length;
  }

  /** The number of entries that wait for another one, or for their retry. */
  get blocked(): number {
    return this.#laneOf === undefined ? this.#suspects.length : this.#inLanes - this.#ready.length;
  }

  /** The number of entries that are held by their ids and wait for nothing but a place. */
  get unfetched(): number {
    return this.#placeholders.size - this.blocked;
  }

  placeholder(id: string): Placeholder | undefined {
    return this.#placeholders.get(id);
  }

  /** @param fields - those of a placeholder, which are not kept */
  push(given: Waiting, fields: FlatFields | null = given.fields ?? null): void {
    this.#hasChanged = true;
    const waiting = this.#admitted(given);
    if (this.#laneOf === undefined) {
      this.#track(waiting);
      this.#offer(waiting);
      return;
    }
    const name = this.#laneOf(fields) ?? waiting.id;
    const lane = this.#lanes.get(name);
    if (lane === undefined) {
      const added = { name, queue: new Queue<Waiting>() };
      this.#lanes.set(name, added);
      this.#enqueue(added, waiting);
      this.#offer(added);
    } else {
      this.#enqueue(lane, waiting);
    }
  }

  /** Begins the next entry. */
  next(): Waiting | undefined {
    for (;;) {
      const turn = (this.#suspect === undefined ? this.#suspects.shift() : undefined) ?? this.#ready.shift();
      if (turn === undefined) return undefined;
      const first = firstOf(turn);
      if (isAlone(first)) {
        if (this.#suspect !== undefined) {
          this.#suspects.push(turn);
          continue;
        }
        this.#suspect = first.id;
      }
      if ("queue" in turn) {
        turn.queue.shift();
        this.#inLanes--;
        if (first.fields !== undefined || first.delivery !== undefined)
          this.#length -= this.#holdings.lengthOf(first.id);
        this.#begun.set(first.id, turn);
      }
      if (first.fields !== undefined) return first;
      this.#placeholders.delete(first.id);
      return first.delivery ?? first;
    }
  }

  /** Up to so many placeholders that follow in the lane of one that has begun: to fetch them with it saves round trips. */
  following(id: string, most: number): readonly Placeholder[] {
    const followers = this.#begun.get(id)?.queue.values(most) ?? [];
    return followers.filter((waiting) => isPlaceholder(waiting)).filter(isFetchedAhead);
  }

  /** Whether text may wait in lanes: to fetch more of it ahead is of use. */
  get mayFollow(): boolean {
    return this.#length < this.#holdings.mostBlockedBytes;
  }

  /** Keeps what was fetched ahead of an entry's turn, if it still waits and there is room for it. */
  load(follower: Placeholder, delivery: Delivery | undefined): void {
    // It may have been taken over meanwhile.
    if (delivery === undefined || !isFetchedAhead(follower) || !this.#placeholders.has(follower.id)) return;
    const length = lengthOf(delivery);
    if (!this.#fits(length)) return;
    follower.delivery = delivery;
    this.#hasChanged = true;
    this.#length += length;
    this.#holdings.hold(follower.id, length);
  }

  /** An entry that waits by its id was taken from this consumer, and back. */
  retake(held: Placeholder, as: Omit<Placeholder, "id">): void {
    if (held.delivery !== undefined) this.#length -= this.#holdings.lengthOf(held.id);
    this.#holdings.hold(held.id, 0);
    Object.assign(held, as);
  }

  /** Whether an entry that has begun may have killed its process. The next of them begins after {@link acquit}. */
  isSuspect(id: string): boolean {
    return this.#suspect === id;
  }

  acquit(): void {
    this.#suspect = undefined;
  }

  /** An entry that has begun has ended: it is the turn of the next in its lane. */
  finished(id: string): void {
    const lane = this.#laneOf === undefined ? undefined : this.#begun.get(id);
    if (lane === undefined) return;
    this.#begun.delete(id);
    if (lane.queue.length > 0) this.#offer(lane);
    else this.#lanes.delete(lane.name);
  }

  /** Keeps an entry that has begun, and with it its lane, for its next attempt. Returns what to call when that is due. */
  retain({ id, isTakenOver = false }: Delivery, as: Pick<Placeholder, "attempt" | "isAlone">): () => void {
    const lane = this.#begun.get(id) as Lane;
    this.#begun.delete(id);
    this.#hasChanged = true;
    this.#enqueue(lane, { id, isTakenOver, ...as });
    return () => this.#offer(lane);
  }

  /** Others may have taken, and settled, what waits: it is fetched before it begins, and given up if it is not found. */
  contest(): void {
    if (!this.#hasChanged) return;
    this.#unload();
    for (const placeholder of this.#placeholders.values()) placeholder.isTakenOver = true;
    this.#hasChanged = false;
  }

  #unload(): void {
    this.#length = 0;
    if (this.#laneOf === undefined) {
      this.#ready.replace(this.#ready.values().map((waiting) => this.#unloaded(waiting as Waiting)));
    }
    for (const { queue } of this.#lanes.values()) {
      queue.replace(queue.values().map((waiting) => this.#unloaded(waiting)));
    }
    if (this.#isStopping) this.stop();
  }

  /** From now on only those entries begin that are held with their fields. */
  stop(): void {
    this.#isStopping = true;
    this.#suspects.replace([]);
    this.#ready.replace(this.#ready.values().filter((turn) => firstOf(turn).fields !== undefined));
  }

  /** All entries that wait, by their ids. */
  remaining(): readonly Placeholder[] {
    this.#unload();
    return [...this.#placeholders.values()];
  }

  #enqueue(lane: Lane, waiting: Waiting): void {
    this.#track(waiting);
    this.#inLanes++;
    if (waiting.fields !== undefined) this.#length += this.#holdings.lengthOf(waiting.id);
    lane.queue.insert(waiting, isBefore);
  }

  #track(waiting: Waiting): Waiting {
    if (waiting.fields === undefined) this.#placeholders.set(waiting.id, waiting);
    return waiting;
  }

  /** Holds an entry, without its fields if there is no room for them. */
  #admitted(waiting: Waiting): Waiting {
    const length = lengthOf(waiting);
    const isKept = this.#fits(length);
    this.#holdings.add(waiting.id, isKept ? length : 0);
    return isKept ? waiting : unloaded(waiting);
  }

  #fits(length: number): boolean {
    const fitsInLanes = this.#laneOf === undefined || this.#length + length <= this.#holdings.mostBlockedBytes;
    return this.#holdings.fits(length) && fitsInLanes;
  }

  #unloaded(waiting: Waiting): Waiting {
    this.#holdings.hold(waiting.id, 0);
    return this.#track(unloaded(waiting));
  }

  #offer(turn: Waiting | Lane): void {
    const first = firstOf(turn);
    if (this.#isStopping && first.fields === undefined) return;
    (isAlone(first) ? this.#suspects : this.#ready).push(turn);
  }
}

function firstOf(turn: Waiting | Lane): Waiting {
  return "queue" in turn ? (turn.queue.first as Waiting) : turn;
}
