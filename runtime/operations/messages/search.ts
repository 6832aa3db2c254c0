import { comesBefore } from "../../broker/entry-id.js";
import { prefixed } from "../../config/config.js";
import { readPage } from "../../redis/page.js";
import { askEach, type Seen } from "../ask-each.js";
import type { Operator } from "../operator.js";
import { type Trace, traceOf } from "./trace.js";

/** Where to look. */
export interface SearchRange {
  /** The streams' names without the environment's prefix. */
  readonly streams: readonly string[];
  /** The first and the last id. */
  readonly from: string;
  readonly to: string;
  /** How many entries of each stream to read at most, the newest first. */
  readonly most: number;
  /** Called with the number of entries that have been read. */
  readonly progress?: (entries: number) => void;
}

/** How far a search has looked in a stream. */
export interface Searched {
  readonly stream: string;
  readonly entries: number;
  /** The oldest entry that was read; `undefined` if there was none. */
  readonly oldest: string | undefined;
  /** Whether it has read all of the range. */
  readonly isWhole: boolean;
}

const PAGE = 500;

/**
 * Reads what tells which messages belong together, of a bounded number of entries, a page at a time.
 *
 * @throws {ConnectionError} Redis cannot be reached or refuses, or a key is no stream
 */
export async function search(
  operator: Operator,
  range: SearchRange,
): Promise<{ readonly traces: readonly Trace[]; readonly searched: Seen<Searched> }> {
  const traces: Trace[] = [];
  const searched = await askEach(operator.routes, range.streams, async (stream): Promise<Searched> => {
    const before = traces.length;
    const isWhole = await searchOne(operator, range, stream, traces);
    const entries = traces.length - before;
    return { stream, entries, oldest: entries === 0 ? undefined : traces.at(-1)?.entryId, isWhole };
  });
  // What was read before its master went away cannot be told.
  const seen = traces.filter(({ stream }) => searched.found.some((each) => each.stream === stream));
  seen.sort((one, other) => (one.entryId === other.entryId ? 0 : comesBefore(one.entryId, other.entryId) ? -1 : 1));
  return { traces: seen, searched };
}

async function searchOne(
  { config, routes }: Operator,
  { from, to, most, progress }: SearchRange,
  stream: string,
  traces: Trace[],
): Promise<boolean> {
  const key = prefixed(config, stream);
  let end = to;
  for (let left = most; left > 0; ) {
    const page = {
      from,
      to: end,
      most: Math.min(PAGE, left),
      maxEntryBytes: config.maxMessageBytes,
      newestFirst: true,
    };
    const { entries, isMore } = await routes.at(key).ask(`reading ${key}`, (client) => readPage(client, key, page));
    for (const entry of entries) traces.push(traceOf(entry, stream));
    progress?.(traces.length);
    const last = entries.at(-1);
    if (last === undefined || !isMore) return true;
    end = `(${last.id}`;
    left -= entries.length;
  }
  return false;
}
