/**
 * Deals partitions out to members. Each keeps what it has up to its share, which differs by one at most from that of any
 * other, and the rest is dealt out: the fewest partitions move. The script `member` deals in the same way.
 *
 * @param partitions - in their order
 * @param before - the member of each partition so far
 */
export function dealt(
  partitions: readonly string[],
  members: readonly string[],
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  // Where nobody stays, the last one keeps them until it leaves.
  if (members.length === 0) return new Map([...before].filter(([partition]) => partitions.includes(partition)));
  const held = new Map<string, string[]>(members.map((member) => [member, []]));
  const free: string[] = [];
  for (const partition of partitions) (held.get(before.get(partition) ?? "") ?? free).push(partition);
  const shares = [...held].sort(([one, own], [other, others]) => others.length - own.length || (one < other ? -1 : 1));
  const base = Math.floor(partitions.length / members.length);
  const most = partitions.length % members.length;
  const sizeOf = (at: number): number => base + (at < most ? 1 : 0);
  for (const [at, [, own]] of shares.entries()) while (own.length > sizeOf(at)) free.push(own.pop() as string);
  for (const [at, [, own]] of shares.entries()) while (own.length < sizeOf(at)) own.push(free.shift() as string);
  return new Map(shares.flatMap(([member, own]) => own.map((partition) => [partition, member] as const)));
}
