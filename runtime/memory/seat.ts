import { abridged } from "../broker/abridged.js";
import type { Delivery } from "../broker/delivery.js";
import type { MemberPlace, TakenOver } from "../broker/membership.js";
import type { Config } from "../config/config.js";
import { deathsOf, type MemoryGroup, type Pending } from "./memory-group.js";
import type { MemoryStream } from "./memory-stream.js";
import type { Pauses } from "./pauses.js";
import type { Sharing } from "./sharing.js";
import { redriveName, type Store } from "./store.js";

type Limits = Pick<Config, "maxMessageBytes" | "leaseMs">;

/** The place of a member in its group, with what it needs to be given entries. */
export class Seat {
  readonly place: MemberPlace;
  readonly store: Store;
  /** What it reads: the stream of its place, or what was redriven from there to its group. */
  readonly stream: MemoryStream;
  /** An entry of more bytes is abridged. */
  readonly maxMessageBytes: number;
  readonly #leaseMs: number;
  readonly #sharing: Sharing | undefined;

  constructor(place: MemberPlace, store: Store, { maxMessageBytes, leaseMs }: Limits) {
    this.place = place;
    this.store = store;
    this.stream = store.stream(place.redriven ? redriveName(place.stream, place.group) : place.stream);
    this.maxMessageBytes = maxMessageBytes;
    this.#leaseMs = leaseMs;
    this.#sharing = place.lease && store.sharing(place.lease.stream, place.group);
  }

  get name(): string {
    return this.place.consumer;
  }

  /** Whether it had a partition that another member owns by now. */
  get isFenced(): boolean {
    const { lease } = this.place;
    return lease !== undefined && this.#sharing?.isCurrent(lease) === false;
  }

  /** `undefined` when it was destroyed, before it is created, and for whom is fenced: there is nothing to settle in it. */
  get group(): MemoryGroup | undefined {
    return this.isFenced ? undefined : this.joined;
  }

  /** The group, whoever owns the partition. */
  get joined(): MemoryGroup | undefined {
    return this.stream.group(this.place.group);
  }

  /** Its last sign of life: the group counts as served for a lease more. */
  endsServing(group: MemoryGroup): void {
    group.servedAt = this.store.clock.wall() + this.#leaseMs;
  }

  /** What is paused of its group. */
  get pauses(): Pauses {
    return this.store.pauses(this.place.stream, this.place.group);
  }

  /** An entry of which this member is the owner. */
  own(id: string): Pending | undefined {
    const pending = this.group?.pending.get(id);
    return pending?.owner === this.name ? pending : undefined;
  }

  /** Claims an entry, which counts a delivery. None if it was deleted from its stream. */
  claim(pending: Pending): readonly Delivery[] {
    return this.group?.claim(pending, this.name, pending.count + 1) === true ? [this.deliver(pending)] : [];
  }

  deliver(pending: Pending): Delivery {
    const { entry, count: attempt } = pending;
    const content = abridged(entry.fields, this.maxMessageBytes);
    return { id: entry.id, ...content, attempt, deaths: deathsOf(pending, attempt) };
  }

  /** Claims an entry that another one held when it died. Its delivery is counted when it begins. */
  takeOver(pending: Pending, withFields: boolean): readonly TakenOver[] {
    if (this.group?.claim(pending, this.name) !== true) return [];
    const attempt = pending.count + 1;
    const fields = withFields ? (this.deliver(pending).fields ?? []) : [];
    return [{ id: pending.entry.id, fields, attempt, isSuspect: deathsOf(pending, attempt) > 1 }];
  }
}
