import type { Delivery } from "../broker/delivery.js";
import { comesBefore } from "../broker/entry-id.js";
import type { Unfetched } from "../broker/membership.js";
import type { FlatFields } from "../contract/codec.js";
import { Queue } from "./queue.js";

/** Names the lane of an entry, `undefined` for one that need not keep an order. */
export type LaneOf = (fields: FlatFields | null) => string | undefined;

/** An entry of which only the id is held. It is fetched just before it begins, if it still belongs to this consumer. */
export interface Placeholder extends Unfetched {
  readonly fields?: undefined;
  attempt: number;
  isTakenOver: boolean;
  /** It may have killed its process. */
  isAlone: boolean;
  /** Fetched ahead of its turn. */
  delivery?: Delivery | undefined;
}

export type Waiting = Delivery | Placeholder;

/** The entries of one lane that have not begun, in the order of their ids. */
interface Lane {
  readonly name: string;
  readonly queue: Queue<Waiting>;
}

/** How many entries that wait behind others of their lane are held with their fields. */
const MOST_LOADED = 1000;

/**
 * The entries that wait for their turn. Without lanes they begin in the order of their arrival. With lanes, an entry
 * begins when the one before it in its lane is {@link finished}, and the entries of a lane in the order of their ids,
 * however they came. Of those that may have killed their process one begins at a time.
 */
export class Backlog {
  readonly #laneOf: LaneOf | undefined;
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
  #loaded = 0;
  #isStopping = false;

  constructor(laneOf: LaneOf | undefined) {
    this.#laneOf = laneOf;
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
  push(waiting: Waiting, fields: FlatFields | null = waiting.fields ?? null): void {
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
      this.#enqueue(lane, this.#loaded < MOST_LOADED ? waiting : unloaded(waiting));
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
        if (first.fields !== undefined) this.#loaded--;
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
    return followers.filter((waiting) => isPlaceholder(waiting)).filter(({ attempt }) => attempt === 0);
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
    const lane = this.#begun.get(id);
    if (lane === undefined) return;
    this.#begun.delete(id);
    if (lane.queue.length > 0) this.#offer(lane);
    else this.#lanes.delete(lane.name);
  }

  /** Keeps an entry that has begun, and with it its lane, for its next attempt. Returns what to call when that is due. */
  retain({ id, isTakenOver = false }: Delivery, attempt: number): () => void {
    const lane = this.#begun.get(id) as Lane;
    this.#begun.delete(id);
    this.#enqueue(lane, { id, attempt, isTakenOver, isAlone: false });
    return () => this.#offer(lane);
  }

  /** Forgets the fields of what waits: it may belong to others by now, so it is fetched before it begins. */
  unload(): void {
    this.#loaded = 0;
    if (this.#laneOf === undefined) {
      this.#ready.replace(this.#ready.values().map((waiting) => this.#track(unloaded(waiting as Waiting))));
    }
    for (const { queue } of this.#lanes.values()) {
      queue.replace(queue.values().map((waiting) => this.#track(unloaded(waiting))));
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
    this.unload();
    return [...this.#placeholders.values()];
  }

  #enqueue(lane: Lane, waiting: Waiting): void {
    this.#track(waiting);
    this.#inLanes++;
    if (waiting.fields !== undefined) this.#loaded++;
    lane.queue.insert(waiting, isBefore);
  }

  #track(waiting: Waiting): Waiting {
    if (waiting.fields === undefined) this.#placeholders.set(waiting.id, waiting);
    return waiting;
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

function isPlaceholder(waiting: Waiting): waiting is Placeholder {
  return waiting.fields === undefined;
}

function isAlone(waiting: Waiting): boolean {
  return waiting.fields === undefined && waiting.isAlone;
}

function isBefore(one: Waiting, other: Waiting): boolean {
  return comesBefore(one.id, other.id);
}

function unloaded(waiting: Waiting): Placeholder {
  if (waiting.fields !== undefined) return { id: waiting.id, attempt: 0, isTakenOver: false, isAlone: false };
  waiting.delivery = undefined;
  return waiting;
}
