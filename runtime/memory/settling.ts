import type { Answer, Delivery, Unhandled } from "../broker/delivery.js";
import type { Kept } from "../broker/failed-attempt.js";
import type { Aside } from "../broker/group-pause.js";
import type { Leaving, Membership } from "../broker/membership.js";
import { packed } from "../broker/packed.js";
import { HANDOVER, PARKED } from "./memory-group.js";
import type { Seat } from "./seat.js";

type RecordOf<Method extends "recordFailure" | "bury"> = Parameters<Membership[Method]>[1];

/** Parks an entry that failed, or leaves it to its owner. */
export function recordFailure(
  { group, name, place, store }: Seat,
  { id, attempt, deaths = 0 }: Delivery,
  { failure, parkedMs }: RecordOf<"recordFailure">,
): Kept {
  const pending = group?.pending.get(id);
  if (group === undefined || pending === undefined) return "lost";
  if (pending.owner !== name) return parkedMs !== undefined && pending.owner === PARKED ? "kept" : "lost";
  // Never repeated here: no reply is lost. In virtual time two attempts may have the very same text.
  if (failure !== undefined) pending.failures.push(failure);
  // It did not kill this process, and so not those before: their deliveries count no longer.
  const count = attempt - deaths - (failure === undefined ? 1 : 0);
  if (parkedMs !== undefined) {
    const dueAt = store.clock.now() + Math.max(1, Math.ceil(parkedMs));
    return group.park(pending, count, dueAt) ? "kept" : "deleted";
  }
  const isThere = group.claim(pending, place.consumer, count);
  pending.isKept = isThere;
  return isThere ? "kept" : "deleted";
}

/** Moves an entry to the dead letters. One that is too large stays where it is, and its letter refers to it. */
export function bury(
  seat: Seat,
  { id, attempt, oversizedBytes }: Delivery,
  { failure, labels }: RecordOf<"bury">,
): string | null {
  const { group, name, place, store, stream } = seat;
  const pending = seat.own(id);
  if (group === undefined || pending === undefined) return null;
  const isKept = oversizedBytes !== undefined;
  const fields = Object.entries({
    ...{ stream: stream.name, group: place.group, consumer: name, entry_id: id, attempts: String(attempt) },
    errors: `[${[...pending.failures, failure].join(",")}]`,
    ...labels,
    ...(isKept ? { kept_bytes: String(oversizedBytes) } : { original: packed(pending.entry.fields) }),
  }).flat();
  const letter = { group: place.group, fields, kept: isKept ? pending.entry : undefined };
  const letterId = store.letters(place.stream).add(letter, store.clock.wall());
  group.acknowledge([id]);
  return letterId;
}

/** Hands an entry over, without counting its delivery. Returns `false` when no other member handles its type. */
export function handOver(seat: Seat, unhandled: Unhandled): boolean {
  const { group, name } = seat;
  if (group === undefined) return true;
  if (!group.members.isHandledElsewhere(name, unhandled.type)) return false;
  const pending = seat.own(unhandled.id);
  if (pending === undefined) return true;
  if (group.claim(pending, HANDOVER, Math.max(0, pending.count - 1))) pending.unhandled = unhandled;
  group.due.tell();
  return true;
}

/** Parks entries until their types are resumed, without counting their deliveries. */
export function setAside({ group, name, pauses }: Seat, entries: readonly Aside[]): void {
  for (const { id, type } of entries) {
    const pending = group?.pending.get(id);
    if (group === undefined || pending?.owner !== name) continue;
    const { count, entry } = pending;
    const dueAt = pauses.dueAt(type, entry.at);
    if (group.park(pending, Math.max(0, count - 1), dueAt)) pending.pausedType = type;
  }
}

/** Stores and sends an answer, and acknowledges its command. */
export function answer({ group, store, isFenced }: Seat, given: Answer, id: string): undefined {
  if (isFenced) return;
  store.answer(given);
  if (id !== "") group?.acknowledge([id]);
}

/** Gives back what a member holds, so that others have it at once, and ends its membership. */
export function leave(seat: Seat, { unbegun, begun, failure }: Leaving): void {
  const { group, name, store } = seat;
  if (group === undefined) return;
  const [areUnbegun, haveBegun] = [new Set(unbegun), new Set(begun)];
  for (const pending of group.of(name)) {
    const { id, at } = pending.entry;
    const hasBegun = haveBegun.has(id);
    if (hasBegun) pending.failures.push(failure);
    const most = pending.failures.length + (hasBegun ? 0 : 1);
    const count = areUnbegun.has(id) ? Math.max(0, pending.count - 1) : Math.min(pending.count, most);
    // Due at once, in the order of the stream.
    group.park(pending, count, Number.MIN_SAFE_INTEGER + at);
  }
  group.members.leave(name, store.clock.now());
  seat.endsServing(group);
  group.silent.tell();
  group.due.tell();
}
