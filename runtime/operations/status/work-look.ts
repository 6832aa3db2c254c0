import { ageOf, comesBefore } from "../../broker/entry-id.js";
import type { StreamKeys } from "../../redis/keys.js";
import { lagOf } from "../../redis/lag.js";
import type { StreamLook } from "../../redis/lua/look.js";
import { field } from "../../redis/reply.js";
import type { Round } from "../../redis/round.js";
import type { WorkStatus } from "./group-status.js";

/** What Redis replies about the work of a group. */
export interface WorkReplies {
  readonly parked: number;
  /** The entry that is due first, and when. */
  readonly next: readonly string[];
  readonly handover: number;
  /** The oldest pending entry. */
  readonly oldest: string | undefined;
}

export async function askOfWork(
  round: Round,
  { stream, retry, handover }: StreamKeys,
  group: string,
): Promise<WorkReplies> {
  const [parked, next, handed, oldest] = await Promise.all([
    round.ask<number>("ZCARD", retry),
    round.ask<string[]>("ZRANGE", retry, 0, 0, "WITHSCORES"),
    round.ask<number>("ZCARD", handover),
    round.ask<[id: string][]>("XPENDING", stream, group, "-", "+", 1),
  ]);
  return { parked: parked ?? 0, next: next ?? [], handover: handed ?? 0, oldest: oldest?.[0]?.[0] };
}

/** @param info - the group as `XINFO GROUPS` tells it; `undefined` where there is no group, and everything is to be read */
export function workOf(
  replies: WorkReplies,
  info: readonly unknown[] | undefined,
  { look, nowMs }: { readonly look: StreamLook | undefined; readonly nowMs: number },
): WorkStatus {
  const lag = lagIn(info, look);
  const { parked, next, handover, oldest } = replies;
  return {
    lag,
    isBehind: lag === null ? mayBeBehind(info, look) : lag > 0,
    pending: Number(field(info ?? [], "pending") ?? 0),
    oldestPendingMs: oldest === undefined ? null : ageOf(oldest, nowMs),
    parked,
    nextDueMs: dueInMs(next[1], nowMs),
    handover,
  };
}

function lagIn(info: readonly unknown[] | undefined, look: StreamLook | undefined): number | null {
  if (look === undefined) return null;
  const [length, , greatest, first, last] = look;
  if (info === undefined) return length;
  return lagOf(info, first === undefined || last === undefined ? [length, greatest] : [length, greatest, first, last]);
}

/** Whether entries follow a group's position, where nobody knows how many. */
function mayBeBehind(info: readonly unknown[] = [], look: StreamLook | undefined): boolean {
  const position = String(field(info, "last-delivered-id") ?? "0-0");
  const last = look?.[4];
  if (look !== undefined) return last !== undefined && comesBefore(position, last);
  // Without the right to scripts there is only what Redis counts, which may be wrong.
  return field(info, "lag") !== 0 && info.length > 0;
}

/** One that was given back is due at once: its time lies before 1970. */
function dueInMs(due: string | undefined, nowMs: number): number | null {
  if (due === undefined) return null;
  if (due.endsWith("inf")) return due.startsWith("-") ? 0 : Number.MAX_SAFE_INTEGER;
  return Number(due) < 0 ? 0 : Math.round(Number(due) - nowMs);
}
