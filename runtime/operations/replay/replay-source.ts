import { addedAt, comesBefore, entryIdIn, idBefore, LAST_ID, lastIdAt } from "../../broker/entry-id.js";
import type { Log, LogEntry } from "../../broker/log.js";
import { ConfigError } from "../../errors.js";

/** An entry that is handled again. */
export interface ReplayedEntry {
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  readonly entry: LogEntry;
  /** Its place in what is replayed. */
  readonly position: string;
}

/** What is replayed. */
export interface ReplaySource {
  /** Names it in the checkpoint: a stream, a file. */
  readonly name: string;
  /** The place at which a replay ends that begins now. */
  end(): Promise<string>;
  /** The entries behind a place, in their order, up to the end. */
  after(position: string | undefined, end: string): AsyncIterable<ReplayedEntry>;
  /** How much of it has been read, from 0 to 1; `undefined` where that is not known. */
  share?(position: string): number | undefined;
}

/** The first and the last entry of a replay, both included. */
export interface ReplayBounds {
  readonly from: string;
  readonly until: string;
}

const PAGE = 100;

/** Reads an entry's id or a moment, as the first or the last id of that millisecond. */
export function boundOf(given: string | Date | undefined, name: "from" | "until"): string {
  if (given === undefined) return name === "from" ? "0-0" : LAST_ID;
  const id = typeof given === "string" ? entryIdIn(given) : undefined;
  if (id !== undefined) return id;
  const ms = new Date(given).getTime();
  if (Number.isNaN(ms) || ms < 0) {
    throw new ConfigError([
      `${name} must be an entry's id, such as 1795770190041-0, a date or a time such as 2026-05-01T03:00:00Z`,
    ]);
  }
  return name === "from" ? `${ms}-0` : lastIdAt(ms);
}

/** What a stream holds when the replay begins, a page at a time. */
export function streamSource(log: Log, stream: string, { from, until }: ReplayBounds): ReplaySource {
  let first: string | undefined;
  let last: string | undefined;
  return {
    name: stream,
    end: async () => {
      const lastId = await log.lastId();
      return comesBefore(lastId, until) ? lastId : until;
    },
    async *after(position, end) {
      last = end;
      if ([position ?? end, end].some((id) => entryIdIn(id) === undefined)) {
        throw new ConfigError(["the checkpoint names no entry of a stream: delete it, and begin anew"]);
      }
      if (position !== undefined && comesBefore(await log.lastId(), position)) {
        const text = `${log.stream} was deleted or set back since the checkpoint was written: delete the checkpoint, and begin anew`;
        throw new ConfigError([text]);
      }
      let at = position ?? idBefore(from);
      for (let isMore = true; isMore; ) {
        const page = await log.readAfter(at, PAGE);
        isMore = page.isMore;
        for (const entry of page.entries) {
          if (comesBefore(end, entry.id)) return;
          first ??= entry.id;
          yield { stream, entry, position: entry.id };
          at = entry.id;
        }
      }
    },
    share: (position) => {
      if (first === undefined || last === undefined) return undefined;
      const whole = addedAt(last) - addedAt(first);
      return whole <= 0 ? undefined : Math.min(1, (addedAt(position) - addedAt(first)) / whole);
    },
  };
}
