import type { Answer, Take, Unhandled } from "../broker/delivery.js";
import type { Kept } from "../broker/failed-attempt.js";
import type { Aside } from "../broker/group-pause.js";
import type { Log } from "../broker/log.js";
import type { Holder, Joined, MemberPlace, MemberSignals, Membership, Watch } from "../broker/membership.js";
import type { HandedOn, Lease } from "../broker/shares.js";
import { ConnectionError } from "../errors.js";
import type { Pause } from "../time/pause.js";
import { fetch, receive, release, takeOver } from "./claiming.js";
import { groupState, signsOfLife } from "./group-state.js";
import { acknowledgeUnhandled, giveAway, handOn, refuse } from "./handing-on.js";
import type { Instance } from "./instance.js";
import { join } from "./joining.js";
import type { MemoryGroup } from "./memory-group.js";
import { logOf } from "./memory-log.js";
import type { Seat } from "./seat.js";
import { answer, bury, leave, recordFailure, setAside } from "./settling.js";
import { nobodyDead, nothingDue } from "./waiting.js";

export interface MembershipParts {
  readonly instance: Instance;
  readonly signals: MemberSignals;
  /** Waits until this member reads no more. */
  readonly pause: Pause;
}

/** A consumer of a group in the memory of this process. */
export class MemoryMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly handles: MemberPlace["handles"];
  readonly answers: boolean;
  readonly lease?: Lease;
  readonly log: Log;
  readonly #seat: Seat;
  readonly #parts: MembershipParts;
  #endsRead = false;
  /** Whether it was told that another member owns its partition. */
  #isLost = false;
  /** What there was to be told of when it last looked for what is due, unless it has waited since. */
  #lookedAt: number | undefined;

  constructor(seat: Seat, parts: MembershipParts) {
    const { group, consumer, redriven, handles, answers, lease } = seat.place;
    this.stream = seat.stream.name;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.handles = handles;
    this.answers = answers;
    if (lease !== undefined) this.lease = lease;
    this.log = logOf(seat.store, parts.instance, this.stream, seat.maxMessageBytes);
    this.#seat = seat;
    this.#parts = parts;
    parts.signals.reading.addEventListener("abort", () => this.#wake(), { once: true });
    parts.instance.onCrash(() => this.#silence());
  }

  join(startFrom: "all" | "new" | number): Promise<Joined> {
    return this.#call(() => join(this.#seat, startFrom));
  }

  leave(...[leaving]: Parameters<Membership["leave"]>): Promise<void> {
    return this.#call(() => leave(this.#seat, leaving));
  }

  /** What stops one process stops all of them here. */
  lapsed(): boolean {
    return false;
  }

  hasTakenNothing(): boolean {
    return false;
  }

  read(count: number, take: Take): Promise<void> {
    return this.#call(async () => {
      const { store } = this.#seat;
      this.#endsRead = false;
      await store.breathe();
      for (;;) {
        const group = this.#group;
        const read = store.isHalted || this.#seat.pauses.isTotal ? [] : group.read(this.consumer, count);
        if (read.length > 0) return take(read.map((pending) => this.#seat.deliver(pending)));
        if (this.#endsRead || this.#parts.signals.reading.aborted) return;
        await group.arrived.next();
        if (this.#parts.instance.hasCrashed) return;
      }
    });
  }

  interrupt(): Promise<void> {
    return this.#call(() => this.endRead());
  }

  /** Has a read that waits end without an entry. */
  endRead(): void {
    this.#endsRead = true;
    this.#seat.joined?.arrived.tell();
  }

  /** No reply is lost on its way, but a member may own a partition again in which it could not settle. */
  takeStrays(holder: Holder): Promise<void> {
    return this.#call(() => {
      const own = this.#seat.group?.of(this.consumer) ?? [];
      const strays = own.filter(({ entry }) => !holder.holds(entry.id));
      holder.take(strays.map((pending) => ({ ...this.#seat.deliver(pending), deaths: 0 })));
    });
  }

  acknowledge(ids: readonly string[]): Promise<void> {
    return this.#call(() => this.#seat.group?.acknowledge(ids));
  }

  get receives(): boolean {
    return this.#seat.group?.members.receives(this.consumer) ?? false;
  }

  acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]> {
    return this.#call(() => acknowledgeUnhandled(this.#seat, unhandled, ids));
  }

  handOn(entries: readonly HandedOn[]): Promise<readonly boolean[]> {
    return this.#call(() => handOn(this.#seat, entries));
  }

  handOver(unhandled: Unhandled): Promise<boolean> {
    return this.#call(() => giveAway(this.#seat, unhandled));
  }

  refuse(given: Answer, unhandled: Unhandled): Promise<{ isHandedOver: boolean; error?: unknown }> {
    return this.#call(() => refuse(this.#seat, given, unhandled));
  }

  recordFailure(...[delivery, record]: Parameters<Membership["recordFailure"]>): Promise<Kept> {
    return this.#call(() => recordFailure(this.#seat, delivery, record));
  }

  bury(...[delivery, record]: Parameters<Membership["bury"]>): ReturnType<Membership["bury"]> {
    return this.#call(() => bury(this.#seat, delivery, record));
  }

  answer(given: Answer, id: string): Promise<unknown> {
    return this.#call(() => answer(this.#seat, given, id));
  }

  fetch(...[entries, mostBytes]: Parameters<Membership["fetch"]>): ReturnType<Membership["fetch"]> {
    return this.#call(() => fetch(this.#seat, entries, mostBytes));
  }

  owned(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#call(() => {
      const isGone = this.#seat.group === undefined;
      return new Set(ids.filter((id) => isGone || this.#seat.own(id) !== undefined));
    });
  }

  release(count: number, heard: number): ReturnType<Membership["release"]> {
    return this.#call(() => {
      const released = release(this.#seat, count, heard);
      if (count > 0) this.#lookedAt = this.#seat.group?.due.version;
      return released;
    });
  }

  setAside(entries: readonly Aside[]): Promise<void> {
    return this.#call(() => setAside(this.#seat, entries));
  }

  receive(count: number, most: number): ReturnType<Membership["receive"]> {
    return this.#call(() => receive(this.#seat, count, most));
  }

  /** Nothing that is recorded is ever lost. */
  sweep(): Promise<void> {
    return this.#call(() => {});
  }

  look(): ReturnType<Membership["look"]> {
    return this.#call(() => signsOfLife(this.#seat, this.#group));
  }

  until(watch: Watch, ms: number): Promise<boolean> {
    const { signals, pause, instance } = this.#parts;
    const lookedAt = this.#lookedAt;
    if (watch === "due") this.#lookedAt = undefined;
    const waiting = { seat: this.#seat, reading: signals.reading, clock: instance.clock, lookedAt, ms };
    const nothing = watch === "due" ? this.#call(() => nothingDue(waiting)) : this.#call(() => nobodyDead(waiting));
    return nothing.then((elapsed) => (elapsed ? !signals.reading.aborted : pause.for(ms)));
  }

  takeOver(...[dead, _beat, options]: Parameters<Membership["takeOver"]>): ReturnType<Membership["takeOver"]> {
    return this.#call(() => takeOver(this.#seat, dead, options));
  }

  /** What the others handle is known at any time. */
  enrol(): Promise<void> {
    return this.#call(() => {});
  }

  state(): ReturnType<Membership["state"]> {
    return this.#call(() => groupState(this.#seat));
  }

  /** @throws {ConnectionError} when the group was destroyed: this member has to join again; or when it is fenced */
  get #group(): MemoryGroup {
    this.#tellLoss();
    const { group } = this.#seat;
    if (group !== undefined) return group;
    throw new ConnectionError("REDIS_UNAVAILABLE", `there is no group ${this.group} of ${this.stream}`);
  }

  #call<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return this.#parts.instance.call(() => {
      this.#tellLoss();
      return work();
    });
  }

  /** Once, and after this call, as a reply of Redis would: who hears of it makes calls of its own. */
  #tellLoss(): void {
    if (this.#isLost || !this.#seat.isFenced) return;
    this.#isLost = true;
    queueMicrotask(() => this.lease?.lost());
  }

  /** Ends whatever waits. */
  #wake(): void {
    const group = this.#seat.joined;
    for (const signal of [group?.arrived, group?.due, group?.silent]) signal?.tell();
  }

  /** Its heartbeat stands still. */
  #silence(): void {
    const { group, store } = this.#seat;
    const own = group?.members.get(this.consumer);
    if (group === undefined || own?.state !== "living") return;
    own.state = "crashed";
    own.livedAt = store.clock.now();
    this.#seat.endsServing(group);
    this.#wake();
  }
}
