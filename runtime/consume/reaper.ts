import type { Membership } from "../broker/membership.js";
import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import type { Pause } from "../time/pause.js";
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

/** The time that a reaper works with, and to whom it tells what it does. */
export interface ReaperParts {
  readonly pause: Pause;
  readonly clock: Clock;
  readonly hooks: HookBus;
}

/**
 * Takes over the entries of consumers that died. A consumer counts as dead when its heartbeat has not changed for a
 * whole lease, as this process has seen it on its own monotonic clock since it last connected: after an outage of Redis
 * every heartbeat stands still, and the clocks of two machines may differ by hours.
 */
export class Reaper {
  readonly #membership: Membership;
  readonly #suspects: Suspects;
  readonly #leaseMs: number;
  readonly #foreignIdleMs: number;
  readonly #pause: Pause;
  readonly #clock: Clock;
  readonly #hooks: HookBus;
  readonly #watched = new Map<string, Watched>();
  #session: number | undefined;

  constructor(
    membership: Membership,
    suspects: Suspects,
    config: Pick<Config, "leaseMs" | "foreignIdleMs">,
    { pause, clock, hooks }: ReaperParts,
  ) {
    this.#membership = membership;
    this.#suspects = suspects;
    this.#leaseMs = config.leaseMs;
    this.#foreignIdleMs = config.foreignIdleMs;
    this.#pause = pause;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  async run(): Promise<void> {
    // Jitter: consumers that started together should not all look at the same moment.
    while (await this.#pause.for((this.#leaseMs / 4) * (0.75 + Math.random() / 2))) {
      try {
        await this.#look();
      } catch (error) {
        this.#watched.clear();
        this.#hooks.trouble(`watching the consumers of ${this.#membership.stream}`, error);
      }
    }
  }

  async #look(): Promise<void> {
    const { session, beats } = await this.#membership.heartbeats();
    if (session !== this.#session) this.#watched.clear();
    this.#session = session;
    for (const [name, beat] of beats) {
      if (name !== this.#membership.consumer && this.#isDead(name, beat)) await this.#take(name, beat);
    }
    for (const name of this.#watched.keys()) if (!beats.has(name)) this.#watched.delete(name);
    if (!Number.isFinite(this.#foreignIdleMs)) return;
    // Of a consumer without a heartbeat Redis tells only how long it has been idle.
    for (const { name, idleMs } of await this.#membership.foreigners(beats)) {
      if (idleMs > this.#foreignIdleMs) await this.#take(name, "");
    }
  }

  #isDead(name: string, beat: string): boolean {
    const now = this.#clock.now();
    const watched = this.#watched.get(name);
    if (watched === undefined || watched.beat !== beat) {
      this.#watched.set(name, { beat, since: now, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && now - watched.since >= this.#leaseMs;
  }

  async #take(dead: string, beat: string): Promise<void> {
    const most = Math.min(MOST_AT_ONCE, this.#suspects.room);
    if (most <= 0) return;
    const ids = await this.#membership.takeOver(dead, beat, most);
    // A consumer that held nothing is only removed.
    if (ids === undefined || ids.length === 0) return;
    this.#suspects.add(ids);
    const { stream, group } = this.#membership;
    this.#hooks.emit("recovered", { stream, group, from: dead, count: ids.length });
  }
}
