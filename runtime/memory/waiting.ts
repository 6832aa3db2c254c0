import type { Clock } from "../time/clock.js";
import type { Seat } from "./seat.js";

/** A member that waits before its next look. */
export interface WaitingMember {
  readonly seat: Seat;
  /** Aborted when it reads no more. */
  readonly reading: AbortSignal;
  readonly clock: Clock;
  /** What had been told when it last looked for what is due. `undefined` if it has waited since. */
  readonly lookedAt: number | undefined;
  readonly ms: number;
}

/**
 * Waits until something may be due. Resolves to `false` when the member is to wait so long as it would on Redis: it has not
 * looked, or had no room for what it found.
 */
export async function nothingDue({ seat, reading, clock, lookedAt, ms }: WaitingMember): Promise<boolean> {
  const { group } = seat;
  const next = seat.pauses.isTotal ? undefined : group?.parked[0];
  const leftMs = next === undefined ? Number.POSITIVE_INFINITY : next.dueAt - clock.now();
  if (group === undefined || lookedAt === undefined || ms === 0 || leftMs <= 0) return false;
  if (group.due.version !== lookedAt || reading.aborted) return true;
  const timer = Number.isFinite(leftMs) ? clock.after(leftMs, () => group.due.tell()) : undefined;
  await group.due.next();
  timer?.cancel();
  return true;
}

/** Waits for as long as all members live. Always resolves to `false`: the looks that follow have their time. */
export async function nobodyDead({ seat, reading }: WaitingMember): Promise<boolean> {
  const { group } = seat;
  while (group?.members.areAllLiving === true && !reading.aborted) await group.silent.next();
  return false;
}
