import type { Client } from "../../redis/connection.js";
import { shareKeys } from "../../redis/keys.js";
import { readBeats } from "../../redis/read-beats.js";
import { lookForSigns } from "../../redis/signs-of-life.js";
import type { GroupPlace } from "./group-place.js";

/** The members that were heard of within a lease, also those that share the partitions of the stream. */
export async function livingOf(
  client: Client,
  { keys, group }: Pick<GroupPlace, "keys" | "group">,
  { leaseMs, nowMs }: { readonly leaseMs: number; readonly nowMs: number },
): Promise<readonly string[]> {
  const { beats: own, idleMs } = await lookForSigns(client, keys, { group, consumer: "" });
  const { members } = shareKeys(keys.stream, group);
  const sharing = await readBeats(client, members, async () => [...own.keys()]);
  const beats = new Map([...own, ...sharing]);
  const served = Number(await client.hget(keys.floor, "served"));
  const beating = [...beats].filter(([, beat]) => Math.abs(nowMs - Number(beat)) <= leaseMs).map(([name]) => name);
  const asking = [...idleMs].filter(([, idle]) => idle < leaseMs).map(([name]) => name);
  const living = [...new Set([...beating, ...asking])].sort();
  // The clocks of their machines may be wrong: each heartbeat also says by Redis' clock for how long it holds.
  return living.length === 0 && served > nowMs ? [...beats.keys()].sort() : living;
}
