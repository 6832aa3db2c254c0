/** One field of a reply that lists names and values in turn, as `XINFO` does; `undefined` when the list lacks it. */
export function field(list: readonly unknown[], name: string): unknown {
  for (let at = 0; at + 1 < list.length; at += 2) if (list[at] === name) return list[at + 1];
  return undefined;
}
