import type { Append } from "../broker/append.js";
import type { Layout } from "../contract/codec.js";

/** Whether an entry needs a script call of its own, because more is done than adding it. */
export function isAlone({ announced, onceWindowMs }: Append): boolean {
  return announced !== undefined || onceWindowMs !== undefined;
}

/** Groups the entries that can be sent together, in their order: those of one stream and layout. */
export function groupsOf(batch: readonly Append[]): Append[][] {
  const groups: Append[][] = [];
  const open = new Map<Layout, Append[]>();
  for (const entry of batch) {
    const group = isAlone(entry) ? undefined : open.get(entry.layout);
    if (group?.[0]?.stream === entry.stream) {
      group.push(entry);
      continue;
    }
    groups.push([entry]);
    if (!isAlone(entry)) open.set(entry.layout, groups.at(-1) as Append[]);
  }
  return groups;
}
