import type { PartitionHindrance } from "../../broker/partition-control.js";
import { groupState } from "../../redis/group-state.js";
import { streamKeys } from "../../redis/keys.js";
import { instantIn } from "../../redis/redis-clock.js";
import { groupsOf } from "../groups/group-place.js";
import { livingOf } from "../groups/living-members.js";
import type { AtStream } from "../routes.js";

const NAMED = 3;

/** @param streams - what holds the messages of the stream now */
export async function hindrancesOf(
  at: AtStream,
  stream: string,
  streams: readonly string[],
  leaseMs: number,
): Promise<readonly PartitionHindrance[]> {
  const found: PartitionHindrance[] = [];
  for (const group of (await at(stream, (client) => groupsOf(client, stream))) ?? []) {
    // One in another language waits for new entries, and asks for none meanwhile.
    const living = await at(stream, async (client) => {
      const given = { leaseMs: 2 * leaseMs, nowMs: instantIn(await client.time()) };
      return livingOf(client, { keys: streamKeys(stream, group), group }, given);
    });
    if (living.length > 0) found.push({ kind: "alive", text: aliveText(group, living, leaseMs) });
    let [unread, pending]: [number | null, number] = [0, 0];
    for (const each of streams) {
      const state = await at(each, (client) => groupState(client, streamKeys(each, group), group));
      unread = unread === null || state.lag === null ? null : unread + state.lag;
      pending += state.pending;
    }
    if (unread !== 0 || pending > 0) found.push({ kind: "work", text: workText(group, unread, pending) });
  }
  return found;
}

function aliveText(group: string, names: readonly string[], leaseMs: number): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `${names.slice(0, NAMED).join(", ")}${more} of ${group} reads, or did within two leases (${(2 * leaseMs) / 1000} s): stop its service, and wait so long. A consumer of an older release, or in Python, would be given the messages of one partition alone, and miss the others (--force)`;
}

function workText(group: string, unread: number | null, pending: number): string {
  return `${group} has not handled ${unread ?? "some"} unread and ${pending} pending entries: have it handle them, with the publishers stopped. Otherwise what is published next of an entity may be handled before them (--force)`;
}
