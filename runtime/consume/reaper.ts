import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/** How often a heartbeat must have been seen unchanged at least. */
const FEWEST_LOOKS = 3;
/** How soon it looks again when there was no room for everything. */
const BEHIND_MS = 100;
const PAGE = 500;

/**
 * Takes over the entries of consumers that died: their heartbeats have not changed for a whole lease on this process'
 * own monotonic clock since it last connected. After an outage of Redis every heartbeat stands still.
 *
 * The entries run side by side with all others, each counted just before its handler runs. If this process dies too, those
 * that were counted may have killed both, so its successor has them run one at a time: the entry that kills its process is
 * found by the next death, and the others are not blamed for it.
 */
export class Reaper {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #watched = new Map<string, { readonly beat: string; readonly since: number; looks: number }>();
  #session: number | undefined;
  /** Whether there was no room for all that dead consumers hold. */
  #isBehind = false;

  constructor(parts: ConsumerParts, workload: Workload) {
    this.#parts = parts;
    this.#workload = workload;
  }

  async run(): Promise<void> {
    const { config, hooks, membership, reading } = this.#parts;
    // With jitter, consumers that started together do not all look at the same moment.
    const pauseMs = (): number => (config.leaseMs / 4) * (0.75 + Math.random() / 2);
    while (await reading.for(this.#isBehind ? Math.min(BEHIND_MS, pauseMs()) : pauseMs())) {
      try {
        this.#isBehind = false;
        await this.#look();
      } catch (error) {
        this.#watched.clear();
        hooks.trouble(`watching the consumers of ${membership.stream}`, error);
      }
    }
  }

  async #look(): Promise<void> {
    const { membership, config, hooks } = this.#parts;
    const { session, beats } = await membership.heartbeats();
    if (session !== this.#session) this.#watched.clear();
    this.#session = session;
    await membership.enrol(beats).catch((error: unknown) => hooks.trouble("telling what this consumer handles", error));
    for (const [name, beat] of beats) {
      if (name !== membership.consumer && this.#isDead(name, beat)) await this.#take(name, beat);
    }
    for (const name of this.#watched.keys()) if (!beats.has(name)) this.#watched.delete(name);
    if (!Number.isFinite(config.foreignIdleMs)) return;
    // Of a consumer without a heartbeat Redis tells only how long it has been idle.
    for (const { name, idleMs } of await membership.foreigners(beats)) {
      if (idleMs > config.foreignIdleMs) await this.#take(name, "");
    }
  }

  #isDead(name: string, beat: string): boolean {
    const now = this.#parts.clock.now();
    const watched = this.#watched.get(name);
    if (watched?.beat !== beat) {
      this.#watched.set(name, { beat, since: now, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && now - watched.since >= this.#parts.config.leaseMs;
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
