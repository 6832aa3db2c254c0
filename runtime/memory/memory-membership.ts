import { abridged } from "../broker/abridged.js";
import type { Answer, Delivery, Take, Unhandled } from "../broker/delivery.js";
import { ageOf } from "../broker/entry-id.js";
import type { Log } from "../broker/log.js";
import type { Holder, Joined, Kept, MemberPlace, MemberSignals, Membership, TakenOver } from "../broker/membership.js";
import { packed } from "../broker/packed.js";
import { ConnectionError } from "../errors.js";
import type { Pause } from "../time/pause.js";
import type { Instance } from "./instance.js";
import { deathsOf, HANDOVER, type MemoryGroup, PARKED, type Pending, record } from "./memory-group.js";
import { logOf } from "./memory-log.js";
import type { MemoryStream } from "./memory-stream.js";
import { redriveName, type Store } from "./store.js";

export interface MembershipParts {
  readonly store: Store;
  readonly instance: Instance;
  readonly signals: MemberSignals;
  /** Waits until this member reads no more. */
  readonly pause: Pause;
  /** An entry of more bytes is abridged. */
  readonly maxMessageBytes: number;
}

/** A consumer of a group in the memory of this process. */
export class MemoryMembership implements Membership {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly redriven: boolean;
  readonly handles: MemberPlace["handles"];
  readonly answers: boolean;
  readonly log: Log;
  readonly #parts: MembershipParts;
  /** The stream whose dead letters are those of this one. */
  readonly #main: string;
  readonly #stream: MemoryStream;
  #endsRead = false;
  /** Whether it has looked for what is due since it waited for that, and what there was. */
  #hasLooked = false;
  #lookedAt = 0;

  constructor({ stream, group, consumer, redriven, handles, answers }: MemberPlace, parts: MembershipParts) {
    const { store, instance, signals } = parts;
    this.#main = stream;
    this.stream = redriven ? redriveName(stream, group) : stream;
    this.group = group;
    this.consumer = consumer;
    this.redriven = redriven;
    this.handles = handles;
    this.answers = answers;
    this.log = logOf(store, instance, this.stream);
    this.#parts = parts;
    this.#stream = store.stream(this.stream);
    signals.reading.addEventListener("abort", () => this.#wake(), { once: true });
    instance.onCrash(() => this.#silenced());
  }

  join(startFrom: "all" | "new" | number): Promise<Joined> {
    return this.#call(() => {
      const existing = this.#stream.group(this.group);
      const from = startFrom === "all" ? 0 : startFrom === "new" ? this.#stream.log.added : this.#placeOf(startFrom);
      const group = existing ?? this.#stream.createGroup(this.group, from);
      const now = this.#parts.store.clock.wall();
      const handles = new Set(this.handles);
      group.members.add({ name: this.consumer, handles, state: "living", livedAt: now });
      group.servedAt = now;
      group.due.tell();
      return { createdFrom: existing === undefined ? this.#idBefore(from) : undefined };
    });
  }

  leave(...[{ unbegun, begun, failure }]: Parameters<Membership["leave"]>): Promise<void> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      if (group === undefined) return;
      const [isUnbegun, isBegun] = [new Set(unbegun), new Set(begun)];
      for (const pending of group.of(this.consumer)) {
        const { id } = pending.entry;
        if (isBegun.has(id)) record(pending, failure);
        const most = pending.failures.length + (isBegun.has(id) ? 0 : 1);
        const count = isUnbegun.has(id) ? Math.max(0, pending.count - 1) : Math.min(pending.count, most);
        // By any clock; in the order of the stream.
        group.park(pending, count, Number.MIN_SAFE_INTEGER + pending.entry.at);
      }
      const now = this.#parts.store.clock.wall();
      group.members.leave(this.consumer, now);
      group.servedAt = now;
      group.silent.tell();
      group.due.tell();
    });
  }

  lapsed(): boolean {
    return false;
  }

  read(count: number, take: Take): Promise<void> {
    return this.#call(async () => {
      const { store } = this.#parts;
      this.#endsRead = false;
      await store.breathe();
      for (;;) {
        const group = this.#group;
        const read = store.isHalted ? [] : group.read(this.consumer, count);
        if (read.length > 0) return take(read.map((pending) => this.#deliveryOf(pending)));
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
    this.#stream.group(this.group)?.arrived.tell();
  }

  takeStrays(_holder: Holder): Promise<void> {
    return this.#call(() => {});
  }

  acknowledge(ids: readonly string[]): Promise<void> {
    return this.#call(() => this.#stream.group(this.group)?.acknowledge(ids));
  }

  get receives(): boolean {
    return this.#stream.group(this.group)?.members.receives(this.consumer) ?? false;
  }

  acknowledgeUnhandled(unhandled: readonly Unhandled[], ids: readonly string[]): Promise<readonly Unhandled[]> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      if (group === undefined) return [];
      const free = unhandled.filter((each) => !this.#giveAway(group, each));
      group.acknowledge([...ids, ...free.map(({ id }) => id)]);
      return free;
    });
  }

  handOver(unhandled: Unhandled): Promise<boolean> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      return group === undefined || this.#giveAway(group, unhandled);
    });
  }

  refuse(answer: Answer, unhandled: Unhandled): Promise<{ isHandedOver: boolean; error?: unknown }> {
    return this.#call(() => {
      if (this.#giveAway(this.#group, unhandled)) return { isHandedOver: true };
      this.#answer(answer, unhandled.id);
      return { isHandedOver: false };
    });
  }

  recordFailure(...[delivery, { failure, parkedMs }]: Parameters<Membership["recordFailure"]>): Promise<Kept> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      const pending = group?.pending.get(delivery.id);
      if (group === undefined || pending === undefined) return "lost";
      const owner = parkedMs === undefined ? this.consumer : PARKED;
      if (pending.owner !== this.consumer) return pending.owner === owner ? "kept" : "lost";
      // It did not kill this process, and so not those before: their deliveries count no longer.
      const count = delivery.attempt - (delivery.deaths ?? 0);
      record(pending, failure);
      if (parkedMs !== undefined) {
        const dueAt = this.#parts.store.clock.now() + Math.max(1, Math.ceil(parkedMs));
        return group.park(pending, count, dueAt) ? "kept" : "deleted";
      }
      const isThere = group.claim(pending, owner, count);
      pending.isKept = isThere;
      return isThere ? "kept" : "deleted";
    });
  }

  bury(...[delivery, { failure, labels }]: Parameters<Membership["bury"]>): ReturnType<Membership["bury"]> {
    return this.#call(() => {
      const { store } = this.#parts;
      const group = this.#stream.group(this.group);
      const pending = group?.pending.get(delivery.id);
      if (group === undefined || pending?.owner !== this.consumer) return "lost";
      const { id, attempt, oversizedBytes } = delivery;
      const place = { stream: this.stream, group: this.group, consumer: this.consumer, entry_id: id };
      const errors = `[${[...pending.failures, failure].join(",")}]`;
      const content =
        oversizedBytes === undefined
          ? { original: packed(pending.entry.fields) }
          : { kept_bytes: String(oversizedBytes) };
      const fields = Object.entries({ ...place, attempts: String(attempt), errors, ...labels, ...content }).flat();
      const kept = oversizedBytes === undefined ? undefined : pending.entry;
      store.letters(this.#main).add({ group: this.group, fields, kept }, store.clock.wall());
      group.acknowledge([id]);
      return "kept";
    });
  }

  answer(answer: Answer, id: string): Promise<unknown> {
    return this.#call(() => this.#answer(answer, id));
  }

  fetch(...[entries, mostBytes]: Parameters<Membership["fetch"]>): ReturnType<Membership["fetch"]> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      if (group === undefined) return { deliveries: [], looked: entries.length };
      const deliveries: Delivery[] = [];
      let [looked, left] = [0, mostBytes];
      for (const { id, attempt } of entries) {
        if (left <= 0) break;
        looked++;
        const pending = group.pending.get(id);
        if (pending?.owner !== this.consumer) continue;
        const count = Math.max(pending.count, attempt);
        if (!group.claim(pending, this.consumer, count)) continue;
        const delivery = this.#deliveryOf(pending);
        deliveries.push(delivery);
        left -= delivery.length ?? 0;
      }
      return { deliveries, looked };
    });
  }

  owned(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      if (group === undefined) return new Set(ids);
      return new Set(ids.filter((id) => group.pending.get(id)?.owner === this.consumer));
    });
  }

  release(count: number): ReturnType<Membership["release"]> {
    return this.#call(() => {
      const now = this.#parts.store.clock.now();
      const group = this.#stream.group(this.group);
      const parked = this.#parts.store.isHalted ? [] : (group?.parked ?? []);
      const due = parked.filter(({ dueAt }) => dueAt <= now).slice(0, count);
      const deliveries = due.flatMap((pending) => this.#claimed(pending));
      const next = group?.parked[0];
      const nextMs = next === undefined ? -1 : Math.max(0, next.dueAt - now);
      this.#hasLooked = true;
      this.#lookedAt = group?.due.version ?? 0;
      const areHandedOver = (group?.of(HANDOVER).length ?? 0) > 0;
      return { deliveries, nextMs, areHandedOver, isOutdated: false };
    });
  }

  receive(count: number, most: number): ReturnType<Membership["receive"]> {
    return this.#call(() => {
      const deliveries: Delivery[] = [];
      const takenOver: TakenOver[] = [];
      let areMore = false;
      const group = this.#stream.group(this.group);
      for (const pending of group?.of(HANDOVER) ?? []) {
        const { type, isSuspect } = pending.unhandled as Unhandled;
        if (!this.handles.includes(type) && group?.members.isHandledElsewhere(this.consumer, type)) continue;
        const hasRoom = isSuspect ? takenOver.length < most : deliveries.length < count;
        if (!hasRoom) areMore = true;
        else if (!isSuspect) deliveries.push(...this.#claimed(pending));
        else if (group?.claim(pending, this.consumer)) takenOver.push(takenOverOf(pending, true));
      }
      return { deliveries, takenOver, areMore };
    });
  }

  /** A wait that follows no look lasts as long as it is told to. */
  async untilDue(ms: number): Promise<boolean> {
    const { reading } = this.#parts.signals;
    const hasLooked = this.#hasLooked;
    this.#hasLooked = false;
    if (!hasLooked) return this.#parts.pause.for(ms);
    return this.#call(async () => {
      const group = this.#stream.group(this.group);
      const next = group?.parked[0];
      if (group === undefined || group.due.version !== this.#lookedAt || reading.aborted) return !reading.aborted;
      const { clock } = this.#parts.instance;
      const timer = next && clock.after(next.dueAt - clock.now(), () => group.due.tell());
      await group.due.next();
      timer?.cancel();
      return !reading.aborted;
    });
  }

  /** Nothing that it records is ever lost. */
  sweep(): Promise<void> {
    return this.#call(() => {});
  }

  look(): ReturnType<Membership["look"]> {
    return this.#call(() => {
      const { members, pending } = this.#group;
      const { clock } = this.#parts.store;
      const others = members.others(this.consumer);
      const idleMs = new Map(
        others.map(({ name, state, livedAt }) => [name, state === "living" ? 1 : clock.wall() - livedAt]),
      );
      const holders = new Set([...pending.values()].map(({ owner }) => owner));
      for (const name of [this.consumer, PARKED, HANDOVER]) holders.delete(name);
      return { confirmedMs: clock.now(), beats: members.beats(), idleMs, holders: [...holders] };
    });
  }

  async untilSuspicious(ms: number): Promise<boolean> {
    const { reading } = this.#parts.signals;
    const group = this.#stream.group(this.group);
    while (group?.members.areAllLiving === true && !reading.aborted) await this.#call(() => group.silent.next());
    return this.#parts.pause.for(ms);
  }

  takeOver(
    ...[consumer, beat, { most, withFields }]: Parameters<Membership["takeOver"]>
  ): ReturnType<Membership["takeOver"]> {
    return this.#call(() => {
      const group = this.#stream.group(this.group);
      const dead = group?.members.get(consumer);
      if (group === undefined || dead === undefined || dead.state === "living" || beat === "") return undefined;
      const held = group.of(consumer);
      const taken = held.slice(0, most).filter((pending) => group.claim(pending, this.consumer));
      if (held.length <= most) {
        group.members.remove(consumer);
        group.due.tell();
      }
      return taken.map((pending) => takenOverOf(pending, withFields));
    });
  }

  /** What the others handle is known at any time. */
  enrol(): Promise<void> {
    return this.#call(() => {});
  }

  state(): ReturnType<Membership["state"]> {
    return this.#call(() => {
      const { store } = this.#parts;
      const now = store.clock.wall();
      const names = this.redriven ? [this.stream] : [this.stream, redriveName(this.stream, this.group)];
      const groups = names.flatMap((name) => store.stream(name).group(this.group) ?? []);
      const pending = groups.flatMap((group) => [...group.pending.values()]);
      return {
        lag: groups.reduce((sum, { lag }) => sum + lag, 0),
        pending: pending.length,
        oldestPendingSeconds: Math.round(Math.max(0, ...pending.map(({ entry }) => ageOf(entry.id, now)))) / 1000,
        parked: pending.filter(({ owner }) => owner === PARKED).length,
        deadLetters: store.letters(this.#main).open(this.group, now),
        ids: "current",
      };
    });
  }

  /** @throws {ConnectionError} when the group was destroyed: this member has to join again */
  get #group(): MemoryGroup {
    const group = this.#stream.group(this.group);
    if (group !== undefined) return group;
    throw new ConnectionError("REDIS_UNAVAILABLE", `there is no group ${this.group} of ${this.stream}`);
  }

  #call<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return this.#parts.instance.call(work);
  }

  /** Ends whatever waits. */
  #wake(): void {
    const group = this.#stream.group(this.group);
    for (const signal of [group?.arrived, group?.due, group?.silent]) signal?.tell();
  }

  #silenced(): void {
    const group = this.#stream.group(this.group);
    const own = group?.members.get(this.consumer);
    if (group === undefined || own?.state !== "living") return;
    own.state = "crashed";
    own.livedAt = this.#parts.store.clock.wall();
    group.servedAt = own.livedAt;
    this.#wake();
  }

  #claimed(pending: Pending): Delivery[] {
    return this.#group.claim(pending, this.consumer, pending.count + 1) ? [this.#deliveryOf(pending)] : [];
  }

  #deliveryOf(pending: Pending): Delivery {
    const { entry, count: attempt } = pending;
    const brief = abridged(entry.fields, this.#parts.maxMessageBytes);
    return { id: entry.id, ...brief, attempt, deaths: deathsOf(pending, attempt) };
  }

  /** Hands an entry over. Returns `false` when no other member handles its type. */
  #giveAway(group: MemoryGroup, unhandled: Unhandled): boolean {
    if (!group.members.isHandledElsewhere(this.consumer, unhandled.type)) return false;
    const pending = group.pending.get(unhandled.id);
    if (pending?.owner !== this.consumer) return true;
    // The delivery to this member does not count.
    if (group.claim(pending, HANDOVER, Math.max(0, pending.count - 1))) pending.unhandled = unhandled;
    group.due.tell();
    return true;
  }

  #answer(answer: Answer, id: string): undefined {
    this.#parts.store.answer(answer);
    if (id !== "") this.#stream.group(this.group)?.acknowledge([id]);
  }

  /** The place of what was added since a moment of the monotonic clock. */
  #placeOf(since: number): number {
    const { clock } = this.#parts.store;
    const wall = clock.wall() - (clock.now() - since);
    const first = this.#stream.log.after("0-0").find(({ id }) => ageOf(id, wall) <= 0);
    return first?.at ?? this.#stream.log.added;
  }

  #idBefore(place: number): string {
    return place === 0 ? "0" : (this.#stream.log.from(place)?.id ?? this.#stream.log.lastId);
  }
}

function takenOverOf(pending: Pending, withFields: boolean): TakenOver {
  const { entry, count } = pending;
  const attempt = count + 1;
  const isSuspect = deathsOf(pending, attempt) > 1;
  return { id: entry.id, fields: withFields ? entry.fields : [], attempt, isSuspect };
}
