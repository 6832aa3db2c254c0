import { LAST_ID } from "../broker/entry-id.js";
import type { TrimReport } from "../broker/log.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { trim } from "./lua/trim.js";
import { trimAround } from "./lua/trim-around.js";

/** After so many parts the next trim goes on: a part is some two hundred entries. */
const MOST_PARTS = 1000;

/** What is left to be removed around entries to which dead letters refer. */
interface Left {
  /** Everything below this id. */
  readonly limit?: string;
  /** So many entries at least. */
  readonly excess?: number;
}

/** Trims a stream. Resolves to `undefined` when another service has just done so, or there is no stream. */
export async function trimStream(
  client: Client,
  keys: StreamKeys,
  args: readonly (string | number)[],
): Promise<TrimReport | undefined> {
  const { stream, trimming, marks, retention, groups, oversized, dead, settled } = keys;
  const text = await trim.run(client, [stream, trimming, marks, retention, groups, oversized], args);
  if (text === null) return undefined;
  const none = { removed: 0, length: 0, unserved: [], expired: [], missed: [] };
  const { limit, excess = 0, ...report } = { ...none, ...(JSON.parse(text) as Partial<TrimReport> & Left) };
  if (limit === undefined) return report;
  const remove = async (below: string, most?: number): Promise<number> => {
    let [removed, more, after, gap] = [0, 1, "", "-"];
    for (let part = 0; more === 1 && part < MOST_PARTS; part++) {
      const args = [below, most === undefined ? "" : most - removed, after, gap];
      const [count, ...next] = await trimAround.run(client, [stream, oversized, dead, settled, retention], args);
      removed += count;
      [more, after, gap] = next;
    }
    return removed;
  };
  let removed = await remove(limit);
  // Those are acknowledged, too: no group needs more entries than the maximum length.
  if (removed < excess) removed += await remove(LAST_ID, excess - removed);
  return { ...report, removed, length: report.length - removed };
}
