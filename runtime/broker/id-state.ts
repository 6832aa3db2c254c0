import { addedAt, LAST_ID } from "./entry-id.js";

/**
 * How a stream's greatest id stands to the broker's clock. `current`: not ahead of it. `ahead`: so far ahead that ages are
 * not known; entries get ids that count on from it. `exhausted`: it is the last possible id, and no entry can be added.
 */
export type IdState = "current" | "ahead" | "exhausted";

/** The clocks of two machines that follow each other as the master may differ by this. */
const TOLERATED_MS = 60_000;

/** @param greatest - `undefined` where it is not known */
export function idState(greatest: string | undefined, nowMs: number): IdState {
  if (greatest === LAST_ID) return "exhausted";
  return greatest !== undefined && addedAt(greatest) > nowMs + TOLERATED_MS ? "ahead" : "current";
}

/** Where a stream can be put aside: a cluster renames a key within its slot only. */
export function besideOf(stream: string, what: string): string {
  return `{${stream}}:${what}`;
}

/** What an operator should do about a stream's ids. `undefined` when they are as they should be. */
export function idAdvice(stream: string, state: IdState): string | undefined {
  const renewal = `RENAME ${stream} ${besideOf(stream, "full")}, and the next message begins a new stream`;
  switch (state) {
    case "current":
      return undefined;
    case "ahead":
      return `the ids of ${stream} are ahead of Redis' clock, so the age of its messages is not known: they are kept until STREAM_MAX_LENGTH, and a command runs though its sender has given up; set the clock right, or, when every group has lag 0 and nothing pending, ${renewal}`;
    case "exhausted":
      return `${stream} has the last possible id, so nothing can be published to it: when every group has lag 0 and nothing pending, ${renewal}`;
  }
}
