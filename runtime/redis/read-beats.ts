import type { Client } from "./connection.js";
import { beats } from "./lua/beats.js";

/** No group has more members. */
const MOST_MEMBERS = 10_000;

/**
 * The members whose heartbeats are in a sorted set, each with its heartbeat. Where others have written more than any group has, it
 * is those of the oldest heartbeats, and of the names that are given.
 */
export async function readBeats(
  client: Client,
  key: string,
  names: () => Promise<readonly string[]>,
): Promise<Map<string, string>> {
  const [first, areMore] = await beats.run(client, [key], [MOST_MEMBERS]);
  const [written] = areMore === 0 ? [first] : await beats.run(client, [key], [MOST_MEMBERS, ...(await names())]);
  const found = new Map<string, string>();
  for (let at = 0; at < written.length; at += 2) found.set(written[at] as string, written[at + 1] as string);
  return found;
}
