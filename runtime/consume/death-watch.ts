import type { Clock } from "../time/clock.js";

/** How often a heartbeat must have been seen unchanged at least. */
const FEWEST_LOOKS = 3;

interface Watched {
  readonly beat: string;
  /** When it was first seen with this heartbeat, on this process' monotonic clock and on that of its own heartbeats. */
  readonly seenAt: number;
  readonly since: number;
  looks: number;
}

/**
 * Tells which members are dead: their heartbeats have not changed for a whole lease of time in which this member's own were
 * confirmed, for whatever keeps it from beating may keep others from it, too.
 */
export class DeathWatch {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #watched = new Map<string, Watched>();

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /**
   * @param confirmedMs - the time on a clock that stands still while this member's own heartbeats are not confirmed
   * @param idleMs - for how long the other has asked for nothing, where that is known
   */
  isDead(name: string, beat: string, confirmedMs: number, idleMs?: number): boolean {
    const now = this.#clock.now();
    const watched = this.#watched.get(name);
    if (watched?.beat !== beat || hasAskedWithin(now - watched.seenAt, idleMs)) {
      this.#watched.set(name, { beat, seenAt: now, since: confirmedMs, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && confirmedMs - watched.since >= this.#leaseMs;
  }

  /** @param present - those that are members still */
  forget(present: ReadonlyMap<string, string>): void {
    for (const name of this.#watched.keys()) if (!present.has(name)) this.#watched.delete(name);
  }
}

/** Whether a consumer has asked Redis for something in the last so many milliseconds. */
export function hasAskedWithin(ms: number, idleMs: number | undefined = Number.POSITIVE_INFINITY): boolean {
  // Zero also stands for a moment in the future: Redis' clock was set back.
  return idleMs > 0 && idleMs < ms;
}
