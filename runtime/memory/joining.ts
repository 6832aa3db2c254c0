import { ageOf } from "../broker/entry-id.js";
import type { Joined } from "../broker/membership.js";
import type { MemoryGroup } from "./memory-group.js";
import type { MemoryStream } from "./memory-stream.js";
import type { Seat } from "./seat.js";
import type { Store } from "./store.js";

type StartFrom = "all" | "new" | number;

/** Makes a member one of its group, which is created if it is missing. The owner of a partition is the only one. */
export function join(seat: Seat, startFrom: StartFrom): Joined {
  const { place, store, stream, name, pauses } = seat;
  if (seat.isFenced) return { retryInMs: 0 };
  const { group, createdFrom } = createMissing(store, stream.name, place.group, startFrom);
  if (place.lease !== undefined) group.members.clear();
  const livedAt = store.clock.now();
  group.members.add({ name, handles: new Set(place.handles), state: "living", livedAt });
  group.servedAt = store.clock.wall();
  group.due.tell();
  return { createdFrom, pauses: pauses.all };
}

/** Creates a group where it is missing. Returns where it begins, if it was. */
export function createMissing(
  store: Store,
  name: string,
  groupName: string,
  startFrom: StartFrom,
): { readonly group: MemoryGroup; readonly createdFrom: string | undefined } {
  const stream = store.stream(name);
  const existing = stream.group(groupName);
  if (existing !== undefined) return { group: existing, createdFrom: undefined };
  const from = startFrom === "all" ? 0 : startFrom === "new" ? stream.log.added : placeOf(store, stream, startFrom);
  return { group: stream.createGroup(groupName, from), createdFrom: from === 0 ? "0" : stream.log.lastId };
}

/** The place of what was added since a moment of the monotonic clock. */
function placeOf({ clock }: Store, { log }: MemoryStream, since: number): number {
  const wall = clock.wall() - (clock.now() - since);
  const first = log.after("0-0").find(({ id }) => ageOf(id, wall) <= 0);
  return first?.at ?? log.added;
}
