import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/** How often a heartbeat must have been seen unchanged at least. */
const FEWEST_LOOKS = 3;
/** How soon it looks again when there was no room for everything. */
const BEHIND_MS = 100;
const PAGE = 500;

interface Watched {
  readonly beat: string;
  /** When it was first seen with this heartbeat, on this process' monotonic clock and on that of its own heartbeats. */
  readonly seenAt: number;
  readonly since: number;
  looks: number;
}

/**
 * Takes over the entries of consumers that died: their heartbeats have not changed for a whole lease, and they have asked
 * Redis for nothing. Only time in which this member's own heartbeats were confirmed counts: whatever keeps it from beating
 * may keep others from it, too.
 *
 * The entries run side by side with all others, each counted just before its handler runs. If this process dies too, those
 * that were counted may have killed both, so its successor has them run one at a time: the entry that kills its process is
 * found by the next death, and the others are not blamed for it.
 */
export class Reaper {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #watched = new Map<string, Watched>();
  /** Whether there was no room for all that dead consumers hold. */
  #isBehind = false;

  constructor(parts: ConsumerParts, workload: Workload) {
    this.#parts = parts;
    this.#workload = workload;
  }

  async run(): Promise<void> {
    const { clock, config, hooks, membership, halt } = this.#parts;
    // With jitter, consumers that started together do not all look at the same moment.
    const pauseMs = (): number => (config.leaseMs / 4) * (0.75 + clock.chance() / 2);
    // While all is paused there will not be room soon.
    const isInHaste = (): boolean => this.#isBehind && !halt.isTotal;
    while (await membership.until("dead", isInHaste() ? Math.min(BEHIND_MS, pauseMs()) : pauseMs())) {
      try {
        this.#isBehind = false;
        await this.#look();
        await this.#workload.dismissBuried();
      } catch (error) {
        // The reply may have been lost with entries that are pending for this consumer now.
        this.#workload.suspectLoss();
        hooks.trouble(`watching the consumers of ${membership.stream}`, error);
      }
    }
  }

  async #look(): Promise<void> {
    const { membership, config, hooks } = this.#parts;
    const { confirmedMs, beats, idleMs } = await membership.look();
    await membership.enrol(beats).catch((error: unknown) => hooks.trouble("telling what this consumer handles", error));
    for (const [name, beat] of beats) {
      if (name === membership.consumer) continue;
      if (this.#isDead(name, beat, confirmedMs, idleMs.get(name))) await this.#take(name, beat);
    }
    for (const name of this.#watched.keys()) if (!beats.has(name)) this.#watched.delete(name);
    // Of a consumer in another language Redis tells only how long it has been idle.
    for (const [name, idle] of idleMs) if (!beats.has(name) && idle > config.foreignIdleMs) await this.#take(name, "");
  }

  #isDead(name: string, beat: string, confirmedMs: number, idleMs: number | undefined): boolean {
    const now = this.#parts.clock.now();
    const watched = this.#watched.get(name);
    if (watched?.beat !== beat || hasAskedWithin(now - watched.seenAt, idleMs)) {
      this.#watched.set(name, { beat, seenAt: now, since: confirmedMs, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && confirmedMs - watched.since >= this.#parts.config.leaseMs;
  }

  async #take(dead: string, beat: string): Promise<void> {
    const { config, hooks, membership } = this.#parts;
    const { stream, group } = membership;
    const withFields = config.order === "entity";
    for (;;) {
      const most = Math.min(PAGE, this.#workload.roomForTakenOver);
      this.#isBehind ||= most === 0;
      const taken = most === 0 ? undefined : await membership.takeOver(dead, beat, { most, withFields });
      if (!taken?.length) return;
      this.#workload.takeOver(taken);
      hooks.emit("recovered", { stream, group, from: dead, count: taken.length });
    }
  }
}

/** Whether a consumer has asked Redis for something in the last so many milliseconds. */
export function hasAskedWithin(ms: number, idleMs: number | undefined = Number.POSITIVE_INFINITY): boolean {
  // Zero also stands for a moment in the future: Redis' clock was set back.
  return idleMs > 0 && idleMs < ms;
}
