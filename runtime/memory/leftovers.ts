import { typeOf } from "../contract/codec.js";
import type { Member } from "./members.js";
import { HANDOVER, PARKED, type Pending } from "./memory-group.js";
import type { Store } from "./store.js";

/** What a group has not handled of a stream. */
export interface Leftover {
  readonly stream: string;
  readonly unread: number;
  /** Those that wait for their retry. */
  readonly parked: number;
  /** Those that were delivered and have not ended. */
  readonly inHand: number;
  readonly held: readonly Held[];
}

/** An entry that was delivered and has not ended. */
export interface Held {
  readonly id: string;
  readonly type: string;
  readonly attempt: number;
  /** What it waits for: its retry, its type to be resumed, a member that handles that, the lease of one that crashed, its handler. */
  readonly waitsFor: "retry" | "resume" | "member" | "lease" | "handler";
  /** When that retry is due, or when that member crashed, in ms on the broker's clock. */
  readonly since: number;
}

/** What a group has not handled. */
export function leftoversOf(store: Store, name: string): readonly Leftover[] {
  return store.streams.flatMap((stream) => {
    const group = stream.group(name);
    if (group === undefined) return [];
    const parked = group.parked.length;
    const held = [...group.pending.values()].map((pending) => heldOf(pending, group.members.get(pending.owner)));
    const leftover = { stream: stream.name, unread: group.lag, parked, inHand: held.length - parked, held };
    return leftover.unread + held.length === 0 ? [] : [leftover];
  });
}

function heldOf({ entry, owner, count, dueAt, pausedType }: Pending, member: Member | undefined): Held {
  const about = { id: entry.id, type: typeOf(entry.fields) ?? "", attempt: count };
  if (owner === PARKED && pausedType !== undefined) return { ...about, waitsFor: "resume", since: 0 };
  if (owner === PARKED) return { ...about, waitsFor: "retry", since: dueAt };
  if (owner === HANDOVER) return { ...about, waitsFor: "member", since: 0 };
  const hasCrashed = member?.state === "crashed";
  return { ...about, waitsFor: hasCrashed ? "lease" : "handler", since: member?.livedAt ?? 0 };
}

/** Whether a group has a living member. */
export function isServed(store: Store, name: string): boolean {
  return store.streams.some((stream) => stream.group(name)?.members.isServed === true);
}
