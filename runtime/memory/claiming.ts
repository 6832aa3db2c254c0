import type { Delivery, Unhandled } from "../broker/delivery.js";
import type { Fetched, HandedOver, Released, TakenOver, Unfetched } from "../broker/membership.js";
import { HANDOVER } from "./memory-group.js";
import type { Seat } from "./seat.js";

/** Takes up to so many parked entries that are due. None while the group is paused. */
export function release(seat: Seat, count: number, heard: number): Released {
  const { group, store, pauses } = seat;
  const now = store.clock.now();
  const parked = store.isHalted || pauses.isTotal ? [] : (group?.parked ?? []);
  const due = parked.filter(({ dueAt }) => dueAt <= now).slice(0, count);
  const deliveries = due.flatMap((pending) => seat.claim(pending));
  const next = pauses.isTotal ? undefined : group?.parked[0];
  return {
    deliveries,
    nextMs: next === undefined ? -1 : Math.max(0, next.dueAt - now),
    areHandedOver: !pauses.isTotal && (group?.of(HANDOVER).length ?? 0) > 0,
    // What the others handle is known at any time.
    isOutdated: false,
    pauses: pauses.all,
    calls: pauses.calls.filter(({ at }) => at > heard),
  };
}

/** Takes entries that were handed over, of types that this member handles or that no other one does. */
export function receive(seat: Seat, count: number, most: number): HandedOver {
  const { group, name, place } = seat;
  const deliveries: Delivery[] = [];
  const takenOver: TakenOver[] = [];
  let areMore = false;
  for (const pending of group?.of(HANDOVER) ?? []) {
    const { type, isSuspect } = pending.unhandled as Unhandled;
    if (!place.handles.includes(type) && group?.members.isHandledElsewhere(name, type) === true) continue;
    const hasRoom = isSuspect ? takenOver.length < most : deliveries.length < count;
    if (!hasRoom) areMore = true;
    else if (isSuspect) takenOver.push(...seat.takeOver(pending, true));
    else deliveries.push(...seat.claim(pending));
  }
  return { deliveries, takenOver, areMore };
}

/** Fetches entries that this member holds by their ids, and counts their deliveries. */
export function fetch(seat: Seat, entries: readonly Unfetched[], mostBytes: number): Fetched {
  const { group } = seat;
  if (group === undefined) return { deliveries: [], looked: entries.length };
  const deliveries: Delivery[] = [];
  let [looked, left] = [0, mostBytes];
  for (const { id, attempt } of entries) {
    if (left <= 0) break;
    looked++;
    const pending = seat.own(id);
    if (pending === undefined || !group.claim(pending, seat.name, Math.max(pending.count, attempt))) continue;
    const delivery = seat.deliver(pending);
    deliveries.push(delivery);
    left -= delivery.length ?? 0;
  }
  return { deliveries, looked };
}

/** Takes over what a member held that died, or owned the partition before. `undefined` when it lives. */
export function takeOver(
  seat: Seat,
  dead: string,
  { most, withFields }: { readonly most: number; readonly withFields: boolean },
): readonly TakenOver[] | undefined {
  const { group, place } = seat;
  const isOver = place.lease !== undefined || (group?.members.get(dead)?.state ?? "living") !== "living";
  if (group === undefined || !isOver) return undefined;
  const held = group.of(dead);
  const taken = held.slice(0, most).flatMap((pending) => seat.takeOver(pending, withFields));
  if (held.length <= most) {
    group.members.remove(dead);
    group.due.tell();
  }
  return taken;
}
