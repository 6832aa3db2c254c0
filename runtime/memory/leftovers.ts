import type { Store } from "./store.js";

/** What a group has not handled of a stream. */
export interface Leftover {
  readonly stream: string;
  readonly unread: number;
  /** Those that wait for their retry. */
  readonly parked: number;
  /** Those that were delivered and have not ended. */
  readonly inHand: number;
}

/** What a group has not handled. */
export function leftoversOf(store: Store, name: string): readonly Leftover[] {
  return store.streams.flatMap((stream) => {
    const group = stream.group(name);
    if (group === undefined) return [];
    const parked = group.parked.length;
    const leftover = { stream: stream.name, unread: group.lag, parked, inHand: group.pending.size - parked };
    return leftover.unread + group.pending.size === 0 ? [] : [leftover];
  });
}

/** Whether a group has a living member. */
export function isServed(store: Store, name: string): boolean {
  return store.streams.some((stream) => stream.group(name)?.members.isServed === true);
}

/** As a line of a log. */
export function leftoverText({ stream, unread, parked, inHand }: Leftover): string {
  const parts = [
    ...(unread > 0 ? [`${unread} unread`] : []),
    ...(inHand > 0 ? [`${inHand} in hand`] : []),
    ...(parked > 0 ? [`${parked} waiting for a retry`] : []),
  ];
  return `${stream}: ${parts.join(", ")}`;
}
