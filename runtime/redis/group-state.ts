import { addedAt } from "../broker/entry-id.js";
import type { GroupState } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { groupsWithLag } from "./lag.js";
import { field } from "./reply.js";

/** Reads the state of a stream and one of its groups. */
export async function groupState(client: Client, keys: StreamKeys, group: string): Promise<GroupState> {
  const [groups, oldest, parked, deadLetters, [seconds]] = await Promise.all([
    groupsWithLag(client, keys.stream).catch(() => []),
    client.xpending(keys.stream, group, "-", "+", 1).catch(() => []) as Promise<[string][]>,
    client.zcard(keys.retry),
    client.xlen(keys.dead),
    client.time(),
  ]);
  const { info = [], lag = null } = groups.find((each) => field(each.info, "name") === group) ?? {};
  const age = oldest[0] === undefined ? 0 : Number(seconds) - addedAt(oldest[0][0]) / 1000;
  return {
    lag,
    pending: Number(field(info, "pending") ?? 0),
    oldestPendingSeconds: Math.max(0, Math.round(age * 1000) / 1000),
    parked,
    deadLetters,
  };
}
