import type { Append } from "../broker/append.js";
import type { Layout } from "../contract/codec.js";

/** Whether an entry needs a script call of its own, because more is done than adding it. */
export function isAlone({ announced, onceWindowMs }: Append): boolean {
  return announced !== undefined || onceWindowMs !== undefined;
}

/** Groups the entries that can be sent together, in their order: those of one stream and layout. */
export function groupsOf(batch: readonly Append[]): Append[][] {
  const groups: Append[][] = [];
  // By stream: the entries of a batch alternate between partitions.
  const open = new Map<string, Map<Layout, Append[]>>();
  for (const entry of batch) {
    const ofStream = open.get(entry.stream) ?? new Map<Layout, Append[]>();
    const group = isAlone(entry) ? undefined : ofStream.get(entry.layout);
    if (group !== undefined) {
      group.push(entry);
      continue;
    }
    groups.push([entry]);
    if (isAlone(entry)) continue;
    ofStream.set(entry.layout, groups.at(-1) as Append[]);
    open.set(entry.stream, ofStream);
  }
  return groups;
}
