import { BurialWatch } from "./burial-watch.js";
import { DeathWatch } from "./death-watch.js";
import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/** How soon it looks again when there was no room for everything. */
const BEHIND_MS = 100;
const PAGE = 500;

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
  readonly #burials: BurialWatch;
  readonly #watch: DeathWatch;
  /** Whether there was no room for all that dead consumers hold. */
  #isBehind = false;

  constructor(parts: ConsumerParts, workload: Workload) {
    this.#parts = parts;
    this.#workload = workload;
    this.#burials = new BurialWatch(parts, workload);
    this.#watch = new DeathWatch(parts.clock, parts.config.leaseMs);
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
        await this.#burials.look();
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
      if (this.#watch.isDead(name, beat, confirmedMs, idleMs.get(name))) await this.#take(name, beat);
    }
    this.#watch.forget(beats);
    // Of a consumer in another language Redis tells only how long it has been idle.
    for (const [name, idle] of idleMs) if (!beats.has(name) && idle > config.foreignIdleMs) await this.#take(name, "");
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
