import { ageOf } from "../broker/entry-id.js";
import { idState } from "../broker/id-state.js";
import type { GroupState } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { groupsWithLag } from "./lag.js";
import { openLetters } from "./letters.js";
import { instantIn } from "./redis-clock.js";
import { field } from "./reply.js";

/** Reads the state of a stream and one of its groups. */
export async function groupState(client: Client, keys: StreamKeys, group: string): Promise<GroupState> {
  const nowMs = instantIn(await client.time());
  const [{ groups, greatest }, oldest, parked, deadLetters] = await Promise.all([
    groupsWithLag(client, keys.stream).catch(() => ({ groups: [], greatest: undefined })),
    client.xpending(keys.stream, group, "-", "+", 1).catch(() => []) as Promise<[string][]>,
    client.zcard(keys.retry),
    openLetters(client, keys, group, nowMs),
  ]);
  const { info = [], lag = null } = groups.find((each) => field(each.info, "name") === group) ?? {};
  const ageMs = oldest[0] === undefined ? 0 : ageOf(oldest[0][0], nowMs);
  return {
    lag,
    pending: Number(field(info, "pending") ?? 0),
    oldestPendingSeconds: Math.round(ageMs) / 1000,
    parked,
    deadLetters,
    ids: idState(greatest, nowMs),
  };
}
