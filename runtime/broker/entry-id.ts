/** The time at which an entry was added, in ms since 1970 by the broker's clock. */
export function addedAt(id: string): number {
  return Number(id.slice(0, id.indexOf("-")));
}

/** Whether one entry id comes after another in a stream. */
export function isLater(id: string, than: string): boolean {
  const [ms = 0n, sequence = 0n] = id.split("-").map(BigInt);
  const [otherMs = 0n, otherSequence = 0n] = than.split("-").map(BigInt);
  return ms > otherMs || (ms === otherMs && sequence > otherSequence);
}

/** Whether one id of an entry comes before another in a stream. Quick, for ids as Redis writes them. */
export function comesBefore(id: string, other: string): boolean {
  const [at, otherAt] = [id.indexOf("-"), other.indexOf("-")];
  if (at !== otherAt) return at < otherAt;
  // Numbers of the same length compare as texts.
  if (id.length === other.length) return id < other;
  const [ms, otherMs] = [id.slice(0, at), other.slice(0, at)];
  return ms === otherMs ? id.length < other.length : ms < otherMs;
}

const ENTRY_ID = /^0*(\d{1,20})-0*(\d{1,20})$/;
const GREATEST = 2n ** 64n - 1n;

/** The entry id that a text from outside holds, as Redis writes it. `undefined` if it holds none. */
export function entryIdIn(text: string): string | undefined {
  const [, ms, sequence] = ENTRY_ID.exec(text) ?? [];
  if (ms === undefined || sequence === undefined) return undefined;
  return BigInt(ms) > GREATEST || BigInt(sequence) > GREATEST ? undefined : `${ms}-${sequence}`;
}
