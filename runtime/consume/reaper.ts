import type { ConsumerParts } from "./parts.js";
import type { Suspects } from "./suspects.js";

/** How many entries are taken over in one step. The next look takes the rest. */
const MOST_AT_ONCE = 100;
/** How often a heartbeat must have been seen unchanged at least. */
const FEWEST_LOOKS = 3;

interface Watched {
  readonly beat: string;
  readonly since: number;
  looks: number;
}

/**
 * Takes over the entries of consumers that died. A consumer counts as dead when its heartbeat has not changed for a
 * whole lease, as this process has seen it on its own monotonic clock since it last connected: after an outage of Redis
 * every heartbeat stands still, and the clocks of two machines may differ by hours.
 */
export class Reaper {
  readonly #parts: ConsumerParts;
  readonly #suspects: Suspects;
  readonly #watched = new Map<string, Watched>();
  #session: number | undefined;

  constructor(parts: ConsumerParts, suspects: Suspects) {
    this.#parts = parts;
    this.#suspects = suspects;
  }

  async run(): Promise<void> {
    // Jitter: consumers that started together should not all look at the same moment.
    while (await this.#parts.reading.for((this.#parts.config.leaseMs / 4) * (0.75 + Math.random() / 2))) {
      try {
        await this.#look();
      } catch (error) {
        this.#watched.clear();
        this.#parts.hooks.trouble(`watching the consumers of ${this.#parts.membership.stream}`, error);
      }
    }
  }

  async #look(): Promise<void> {
    const { membership, config } = this.#parts;
    const { session, beats } = await membership.heartbeats();
    if (session !== this.#session) this.#watched.clear();
    this.#session = session;
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
    if (watched === undefined || watched.beat !== beat) {
      this.#watched.set(name, { beat, since: now, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && now - watched.since >= this.#parts.config.leaseMs;
  }

  async #take(dead: string, beat: string): Promise<void> {
    const most = Math.min(MOST_AT_ONCE, this.#suspects.room);
    if (most <= 0) return;
    const ids = await this.#parts.membership.takeOver(dead, beat, most);
    // A consumer that held nothing is only removed.
    if (ids === undefined || ids.length === 0) return;
    this.#suspects.add(ids);
    const { stream, group } = this.#parts.membership;
    this.#parts.hooks.emit("recovered", { stream, group, from: dead, count: ids.length });
  }
}
