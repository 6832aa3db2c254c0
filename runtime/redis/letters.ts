import { ageOf, entryIdIn, paddedId } from "../broker/entry-id.js";
import { idState } from "../broker/id-state.js";
import type { DeadBounds, DroppedLetters, OpenLetters } from "../broker/log.js";
import type { Client } from "./connection.js";
import { greatestId } from "./greatest-id.js";
import type { StreamKeys } from "./keys.js";
import { boundDead } from "./lua/dead.js";
import { marks } from "./lua/read.js";
import { isReply } from "./reply.js";

/** Redis runs nothing else meanwhile. */
const MOST_AT_ONCE = 500;
/** With that many, the next trim goes on: others may write faster. */
const MOST_STEPS = 10_000;
/** Where the script begins to make the index anew, when it does not match the marks. */
const ANEW = "-";
/** None of ours is longer, but for what an operator gives as a reason. */
export const LONGEST_MARK: number = 1024 * 1024;
const INDEXED = /^(.*)\n[os](\d{20})(\d{20})$/s;

type LetterKeys = Pick<StreamKeys, "dead" | "settled" | "index" | "trimming">;

/**
 * How a dead letter stands in the index. Those of a group are apart, open ones from others, and in the order of their ids. A
 * name of two lines, which no group of ours has, counts as none.
 */
export function indexed(group: string, state: "open" | "settled", id: string): string {
  return `${group.includes("\n") ? "" : group}\n${state.charAt(0)}${paddedId(id)}`;
}

/** The id of a letter that stands in the index; `undefined` where others have written something else there. */
export function indexedId(text: string): string | undefined {
  const [, , ms, sequence] = INDEXED.exec(text) ?? [];
  return ms === undefined ? undefined : entryIdIn(`${ms}-${sequence}`);
}

/** Removes dead letters that are too old, or too many. */
export async function boundLetters(
  client: Client,
  { dead, settled, index, trimming }: LetterKeys,
  { maxAgeMs, maxLength }: DeadBounds,
): Promise<readonly DroppedLetters[]> {
  const counts = new Map<string, number>();
  let [from, more]: [string, number] = ["", 1];
  let hasBegunAnew = false;
  // To make the index is not interrupted: the next trim would begin at the first letter again.
  for (let step = 0; more === 1 && (from !== "" || step < MOST_STEPS); step++) {
    if (from === ANEW && hasBegunAnew) break;
    hasBegunAnew ||= from === ANEW;
    const args = [maxAgeMs, maxLength, MOST_AT_ONCE, from];
    const [next, isMore, ...removed] = await boundDead.run(client, [dead, settled, index, trimming], args);
    [from, more] = [next, isMore];
    for (let at = 0; at < removed.length; at += 2) {
      const [group, count] = removed.slice(at, at + 2) as [string, number];
      counts.set(group, (counts.get(group) ?? 0) + count);
    }
  }
  return [...counts].map(([group, count]) => ({ group, count }));
}

/** Counts the open dead letters of a group, and tells the age of the oldest, without reading any. */
export async function openLetters(
  client: Client,
  { dead, index }: Pick<LetterKeys, "dead" | "index">,
  group: string,
  nowMs: number,
): Promise<OpenLetters> {
  const [from, to] = [`[${group}\no`, `(${group}\no:`];
  const [count, [oldest], greatest] = await Promise.all([
    client.zlexcount(index, from, to),
    client.zrangebylex(index, from, to, "LIMIT", 0, 1),
    // Without the right to scripts they are not known.
    greatestId(client, dead).catch(() => undefined),
  ]);
  const id = indexedId(oldest ?? "");
  return { count, oldestMs: id === undefined ? 0 : ageOf(id, nowMs), ids: idState(greatest, nowMs) };
}

/** How letters were settled, each as its record says. One that is too long is none of ours. */
export async function marksOf(
  client: Client,
  settled: string,
  ids: readonly string[],
): Promise<readonly (string | null)[]> {
  try {
    const found = await marks.run(client, [settled], [LONGEST_MARK, ...ids]);
    return found.map((mark) => mark?.toString() ?? null);
  } catch (error) {
    if (!isReply(error, "NOPERM")) throw error;
    return client.hmget(settled, ...ids);
  }
}
