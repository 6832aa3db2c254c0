import { abridged } from "../broker/abridged.js";
import { addedAt } from "../broker/entry-id.js";
import type { Log, TrimBounds, TrimReport } from "../broker/log.js";
import type { Instance } from "./instance.js";
import type { MemoryStream } from "./memory-stream.js";
import type { Store } from "./store.js";

/**
 * A stream as a log.
 * @param maxMessageBytes - an entry of more bytes is abridged
 */
export function logOf(store: Store, instance: Instance, stream: string, maxMessageBytes: number): Log {
  return {
    stream,
    trim: (bounds) => instance.call(() => trimmed(store, store.stream(stream), bounds)),
    boundDeadLetters: (bounds) => instance.call(() => store.letters(stream).bound(bounds, store.clock.wall())),
    readAfter: (id, count) =>
      instance.call(() => {
        const following = store.stream(stream).log.after(id);
        const entries = following.slice(0, count).map((entry) => {
          const { fields, oversizedBytes } = abridged(entry.fields, maxMessageBytes);
          return { id: entry.id, fields: fields ?? [], ...(oversizedBytes !== undefined && { oversizedBytes }) };
        });
        return { entries, isMore: following.length > count };
      }),
    lastId: () => instance.call(() => store.stream(stream).log.lastId),
  };
}

/** Removes what is too old or too many, but nothing that a group has not acknowledged. */
function trimmed(store: Store, stream: MemoryStream, bounds: TrimBounds): TrimReport | undefined {
  const { log } = stream;
  const now = store.clock.wall();
  if (now < stream.trimmedUntil) return undefined;
  stream.trimmedUntil = now + bounds.lockMs;
  const isTooOld = (id: string): boolean => addedAt(id) < now - bounds.maxAgeMs;
  const unserved: { readonly group: string; readonly silentMs: number }[] = [];
  for (const group of stream.groups.values()) {
    const silentMs = now - (group.members.isServed ? now : group.servedAt);
    const held = log.from(group.floor);
    if (held !== undefined && isTooOld(held.id) && silentMs > bounds.maxAgeMs)
      unserved.push({ group: group.name, silentMs });
  }
  const expired = bounds.expireGroups ? unserved.map(({ group }) => group) : [];
  for (const group of expired) stream.groups.delete(group);
  const floor = Math.min(log.added, ...[...stream.groups.values()].map((group) => group.floor));
  const letters = store.letters(stream.name);
  let removed = 0;
  for (let entry = log.from(log.first); entry !== undefined && entry.at < floor; entry = log.from(entry.at + 1)) {
    if (!isTooOld(entry.id) && log.length <= bounds.maxLength) break;
    // It stays for as long as a dead letter refers to it.
    if (letters.refersTo(entry)) continue;
    log.delete(entry);
    removed++;
  }
  return { removed, length: log.length, unserved, expired, missed: [] };
}
