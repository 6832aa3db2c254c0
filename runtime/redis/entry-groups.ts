import type { Append } from "../broker/append.js";

/** Whether an entry needs a script call of its own, because more is done than adding it. */
export function isAlone({ announced, onceWindowMs }: Append): boolean {
  return announced !== undefined || onceWindowMs !== undefined;
}

/** Groups the entries that can be sent together: those of one stream, in their order. None passes another of its stream. */
export function groupsOf(batch: readonly Append[]): Append[][] {
  const groups: Append[][] = [];
  // By stream: the entries of a batch alternate between partitions.
  const open = new Map<string, Append[]>();
  for (const entry of batch) {
    const group = open.get(entry.stream);
    if (isAlone(entry)) {
      groups.push([entry]);
      open.delete(entry.stream);
    } else if (group === undefined) {
      const begun = [entry];
      groups.push(begun);
      open.set(entry.stream, begun);
    } else group.push(entry);
  }
  return groups;
}
