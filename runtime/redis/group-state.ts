import { ageOf } from "../broker/entry-id.js";
import { idState } from "../broker/id-state.js";
import type { GroupState } from "../broker/membership.js";
import type { Client } from "./connection.js";
import { redriveKeys, type StreamKeys } from "./keys.js";
import { groupsWithLag } from "./lag.js";
import { openLetters } from "./letters.js";
import { instantIn } from "./redis-clock.js";
import { field } from "./reply.js";

/** Reads the state of a stream and one of its groups. What was redriven to the group is work of the group like any other. */
export async function groupState(client: Client, keys: StreamKeys, group: string): Promise<GroupState> {
  const [time, hasRedriven] = await Promise.all([client.time(), client.exists(keys.redrive)]);
  const nowMs = instantIn(time);
  const [{ greatest, ...own }, redriven, deadLetters] = await Promise.all([
    workOf(client, keys, group, nowMs),
    hasRedriven === 1 ? workOf(client, redriveKeys(keys, group), group, nowMs) : NONE,
    openLetters(client, keys, group, nowMs),
  ]);
  return {
    lag: own.lag === null || redriven.lag === null ? null : own.lag + redriven.lag,
    pending: own.pending + redriven.pending,
    oldestPendingSeconds: Math.round(Math.max(own.oldestMs, redriven.oldestMs)) / 1000,
    parked: own.parked + redriven.parked,
    deadLetters,
    ids: idState(greatest, nowMs),
  };
}

interface Work extends Pick<GroupState, "lag" | "pending" | "parked"> {
  readonly oldestMs: number;
}

const NONE: Work = { lag: 0, pending: 0, parked: 0, oldestMs: 0 };

/** What a group has to do in one stream, and the greatest id that the stream ever had. */
async function workOf(
  client: Client,
  { stream, retry }: Pick<StreamKeys, "stream" | "retry">,
  group: string,
  nowMs: number,
): Promise<Work & { readonly greatest: string | undefined }> {
  const [{ groups, greatest }, [oldest], parked] = await Promise.all([
    groupsWithLag(client, stream).catch(() => ({ groups: [], greatest: undefined })),
    client.xpending(stream, group, "-", "+", 1).catch(() => []) as Promise<[id: string][]>,
    client.zcard(retry),
  ]);
  const { info = [], lag = null } = groups.find((each) => field(each.info, "name") === group) ?? {};
  const oldestMs = oldest === undefined ? 0 : ageOf(oldest[0], nowMs);
  return { lag, pending: Number(field(info, "pending") ?? 0), parked, oldestMs, greatest };
}
