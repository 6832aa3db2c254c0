import type { Client } from "./connection.js";
import { beats, dropForeignBeats } from "./lua/beats.js";
import { unfenced } from "./lua/script.js";

/** No group has more members. */
const MOST_MEMBERS = 10_000;

/**
 * The members whose heartbeats are in a sorted set, each with its heartbeat. Where others have written more than any group has, it
 * is those of the oldest heartbeats, and of the names that are given. Whoever may write removes names that are none of ours.
 */
export async function readBeats(
  client: Client,
  key: string,
  names: () => Promise<readonly string[]>,
): Promise<Map<string, string>> {
  // Who has lost a partition may still see who lives.
  const link = unfenced(client);
  const found = new Map<string, string>();
  const take = (written: readonly string[]): void => {
    for (let at = 0; at < written.length; at += 2) found.set(written[at] as string, written[at + 1] as string);
  };
  const [oldest, areMore, foreign] = await beats.run(link, [key], [MOST_MEMBERS]);
  take(oldest);
  // The next look sees what was behind them.
  if (foreign > 0) await dropForeignBeats.run(link, [key], [MOST_MEMBERS]).catch(() => {});
  if (areMore === 0) return found;
  const named = await names();
  for (let at = 0; at < named.length; at += MOST_MEMBERS) {
    const [written] = await beats.run(link, [key], [1, ...named.slice(at, at + MOST_MEMBERS)]);
    take(written);
  }
  return found;
}
