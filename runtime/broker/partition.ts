const encoder = new TextEncoder();

/**
 * FNV-1a of a text's UTF-8, in 32 bits. It is a few lines in any language, so that publishers in others choose the same
 * partition.
 */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The partition of a message, by its key: the place of its stream among so many. */
export function partitionOf(key: string, count: number): number {
  return fnv1a32(key) % count;
}

/**
 * The names of a stream's partitions. The first is the stream itself, and names in use keep their places. Each of the others
 * has its slot in another part of all slots, as far as names with small numbers allow, so that they lie evenly on the
 * masters of a cluster.
 *
 * @param kept - the names in use, the stream's own first
 * @param slotOf - the slot of a name, below `slots`
 */
export function partitionNames(
  kept: readonly [stream: string, ...others: string[]],
  count: number,
  { slots, slotOf }: { readonly slots: number; readonly slotOf: (name: string) => number },
): readonly string[] {
  const [stream] = kept;
  const names = kept.slice(0, count);
  const partOf = (name: string): number => Math.floor((slotOf(name) * count) / slots);
  const taken = new Set(names.map(partOf));
  const candidates = Array.from({ length: 500 + 2 * count }, (_, at) => `${stream}:${at + 1}`);
  const used = new Set<string>(names);
  // Two rounds: who finds no part of its own takes any name.
  for (const isAnywhere of [false, true]) {
    for (const name of candidates) {
      if (names.length >= count) return names;
      if (used.has(name) || (!isAnywhere && taken.has(partOf(name)))) continue;
      names.push(name);
      used.add(name);
      taken.add(partOf(name));
    }
  }
  return names;
}
