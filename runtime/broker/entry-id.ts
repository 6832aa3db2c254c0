/**
 * Entry ids are text, also where they are compared or counted on: a part of one may be anything up to 2^64 - 1, which a
 * number of JavaScript cannot hold.
 */
const ENTRY_ID = /^0*(\d{1,20})-0*(\d{1,20})$/;
const GREATEST = 2n ** 64n - 1n;
/** The latest moment of a `Date`. */
const LATEST_MS = 8.64e15;

/** No entry comes after the one with this id: its stream takes no more. */
export const LAST_ID: string = `${GREATEST}-${GREATEST}`;

/**
 * The time at which an entry was added, in ms since 1970 by the broker's clock, to tell its age. An id may lie in the
 * future, because that clock went back or because another client chose it.
 */
export function addedAt(id: string): number {
  const [ms] = partsOf(id);
  return ms.length > 16 ? LATEST_MS : Math.min(LATEST_MS, Number(ms));
}

/** For how many ms an entry has been in its stream; 0 if its id lies in the future. */
export function ageOf(id: string, nowMs: number): number {
  return Math.max(0, nowMs - addedAt(id));
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

/** An id with as many digits as any, so that its text compares as the id does. */
export function paddedId(id: string): string {
  const [ms, sequence] = partsOf(id);
  return ms.padStart(20, "0") + sequence.padStart(20, "0");
}

/** The id that follows the last one of a stream: by the broker's clock, if that is later. `undefined` if there is none. */
export function nextId(last: string, nowMs: number): string | undefined {
  const now = `${Math.floor(nowMs)}-0`;
  if (comesBefore(last, now)) return now;
  const [ms, sequence] = partsOf(last).map(BigInt) as [bigint, bigint];
  if (sequence < GREATEST) return `${ms}-${sequence + 1n}`;
  return ms < GREATEST ? `${ms + 1n}-0` : undefined;
}

/** The greatest id before another one: a position after which that comes next. `0-0`, which no entry has, for the first. */
export function idBefore(id: string): string {
  const [ms, sequence] = partsOf(id).map(BigInt) as [bigint, bigint];
  if (sequence > 0n) return `${ms}-${sequence - 1n}`;
  return ms > 0n ? `${ms - 1n}-${GREATEST}` : "0-0";
}

/** The last possible id of an entry that was added in that millisecond. */
export function lastIdAt(ms: number): string {
  return `${ms}-${GREATEST}`;
}

/** The entry id that a text from outside holds, as Redis writes it. `undefined` if it holds none. */
export function entryIdIn(text: string): string | undefined {
  const [, ms, sequence] = ENTRY_ID.exec(text) ?? [];
  if (ms === undefined || sequence === undefined) return undefined;
  return BigInt(ms) > GREATEST || BigInt(sequence) > GREATEST ? undefined : `${ms}-${sequence}`;
}

function partsOf(id: string): [ms: string, sequence: string] {
  const at = id.indexOf("-");
  return [id.slice(0, at), id.slice(at + 1)];
}
