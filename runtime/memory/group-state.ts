import { ageOf } from "../broker/entry-id.js";
import type { GroupState } from "../broker/membership.js";
import type { SignsOfLife } from "../broker/signs-of-life.js";
import { HANDOVER, type MemoryGroup, PARKED } from "./memory-group.js";
import type { Seat } from "./seat.js";
import { redriveName } from "./store.js";

/** The state of a member's group, with what was redriven to it. */
export function groupState({ place, store, stream }: Seat): GroupState {
  const now = store.clock.wall();
  const names = place.redriven ? [stream.name] : [stream.name, redriveName(place.stream, place.group)];
  const groups = names.flatMap((name) => store.stream(name).group(place.group) ?? []);
  const pending = groups.flatMap((group) => [...group.pending.values()]);
  return {
    lag: groups.reduce((sum, { lag }) => sum + lag, 0),
    pending: pending.length,
    oldestPendingSeconds: Math.round(Math.max(0, ...pending.map(({ entry }) => ageOf(entry.id, now)))) / 1000,
    parked: pending.filter(({ owner }) => owner === PARKED).length,
    deadLetters: store.letters(place.stream).open(place.group, now),
    ids: "current",
  };
}

/** What a member sees of the others. */
export function signsOfLife({ name, place, store: { clock } }: Seat, { members, pending }: MemoryGroup): SignsOfLife {
  const holders = new Set([...pending.values()].map(({ owner }) => owner));
  for (const each of [name, PARKED, HANDOVER]) holders.delete(each);
  const others = members
    .others(name)
    .map(({ name, state, livedAt }) => [name, state === "living" ? 1 : clock.now() - livedAt] as const);
  // A partition has one member: all others that hold entries are former owners.
  const idleMs = new Map(place.lease === undefined ? others : [...holders].map((holder) => [holder, 1] as const));
  return { confirmedMs: clock.now(), session: 1, beats: members.beats(), idleMs, holders: [...holders] };
}
