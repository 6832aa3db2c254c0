import type { Snapshot } from "./source/overview.js";

/** So many snapshots are kept: ten minutes of one every two seconds. */
const KEPT = 300;
/** A gap of so long begins a history anew: nobody has looked. */
const GAP_MS = 60_000;

/** Values over time, oldest first; `undefined` where one is not known. */
export interface Series {
  readonly timesMs: readonly number[];
  readonly values: readonly (number | undefined)[];
}

/** What changed while somebody looked, for the plots. */
export class History {
  #times: number[] = [];
  #series = new Map<string, (number | undefined)[]>();

  add(snapshot: Snapshot): void {
    const last = this.#times.at(-1);
    if (last !== undefined && (snapshot.atMs - last > GAP_MS || snapshot.atMs <= last)) this.#clear();
    const values = valuesOf(snapshot);
    for (const [key, known] of this.#series) if (!values.has(key)) known.push(undefined);
    for (const [key, value] of values) {
      const known = this.#series.get(key) ?? this.#times.map(() => undefined);
      known.push(value);
      this.#series.set(key, known);
    }
    this.#times.push(snapshot.atMs);
    if (this.#times.length > KEPT) this.#dropFirst();
  }

  /** The values themselves: `lag`, `pending`, `oldest` of a group. */
  level(key: string): Series {
    return { timesMs: this.#times, values: this.#series.get(key) ?? [] };
  }

  /** How much a counter grows in a second. */
  rate(key: string): Series {
    const { timesMs, values } = this.level(key);
    const rates = values.slice(1).map((value, at) => {
      const before = values[at];
      const seconds = ((timesMs[at + 1] ?? 0) - (timesMs[at] ?? 0)) / 1000;
      // A stream that was removed begins at 0 again.
      return value === undefined || before === undefined || value < before ? undefined : (value - before) / seconds;
    });
    return { timesMs: timesMs.slice(1), values: rates };
  }

  #dropFirst(): void {
    this.#times.shift();
    for (const [key, known] of this.#series) {
      known.shift();
      if (known.every((value) => value === undefined)) this.#series.delete(key);
    }
  }

  #clear(): void {
    this.#times = [];
    this.#series = new Map();
  }
}

function valuesOf({ streams, unseen }: Snapshot): ReadonlyMap<string, number | undefined> {
  const values = new Map<string, number | undefined>();
  const sum = { added: 0, read: 0, lag: 0, pending: 0, retrying: 0, letters: 0 };
  for (const { name, added, groups } of streams) {
    values.set(seriesKey("added", name), added);
    sum.added += added;
    for (const { name: group, lag, pending, oldestMs, read, retrying, openLetters } of groups) {
      values.set(seriesKey("lag", name, group), lag);
      values.set(seriesKey("pending", name, group), pending);
      values.set(seriesKey("oldest", name, group), oldestMs === undefined ? 0 : oldestMs / 1000);
      values.set(seriesKey("read", name, group), read);
      sum.lag += lag ?? 0;
      sum.pending += pending;
      sum.retrying += retrying;
      sum.letters += openLetters;
      sum.read += read ?? 0;
    }
  }
  for (const [name, value] of Object.entries(sum)) values.set(seriesKey(name), value);
  // What grows would seem to leap when the others are seen again.
  if (unseen.length > 0) for (const grown of ["added", "read"]) values.set(seriesKey(grown), undefined);
  return values;
}

/** Names a series: a value of the whole, of a stream or of a group. */
export function seriesKey(value: string, stream = "", group = ""): string {
  return `${value}\n${stream}\n${group}`;
}

/** The last value that is known. */
export function latest({ values }: Series): number | undefined {
  return values.findLast((value) => value !== undefined);
}
