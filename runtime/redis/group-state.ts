import { addedAt } from "../broker/entry-id.js";
import type { GroupState } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { field } from "./reply.js";

/** Reads the state of a stream and one of its groups. */
export async function groupState(client: Client, keys: StreamKeys, group: string): Promise<GroupState> {
  const [groups, oldest, parked, deadLetters, [seconds]] = await Promise.all([
    client.xinfo("GROUPS", keys.stream).catch(() => []) as Promise<unknown[][]>,
    client.xpending(keys.stream, group, "-", "+", 1).catch(() => []) as Promise<[string][]>,
    client.zcard(keys.retry),
    client.xlen(keys.dead),
    client.time(),
  ]);
  const own = groups.find((info) => field(info, "name") === group) ?? [];
  const age = oldest[0] === undefined ? 0 : Number(seconds) - addedAt(oldest[0][0]) / 1000;
  return {
    lag: (field(own, "lag") ?? null) as number | null,
    pending: Number(field(own, "pending") ?? 0),
    oldestPendingSeconds: Math.max(0, Math.round(age * 1000) / 1000),
    parked,
    deadLetters,
  };
}
