import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

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
 * Takes over the entries of consumers that died: their heartbeats have not changed for a whole lease, and they have asked
 * Redis for nothing. Only time in which this member's own heartbeats were confirmed counts: whatever keeps it from beating
 * may keep others from it, too.
 *
 * The entries are handled one at a time, and each delivery is counted just before its handler runs. So the entry that
 * kills its process is found, and entries that were merely prefetched are not blamed for it.
 */
export class Reaper {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  readonly #watched = new Map<string, Watched>();
  #isHandling = false;

  constructor(parts: ConsumerParts, workload: Workload) {
    this.#parts = parts;
    this.#workload = workload;
  }

  async run(): Promise<void> {
    const { config, hooks, membership, reading } = this.#parts;
    // With jitter, consumers that started together do not all look at the same moment.
    while (await reading.for((config.leaseMs / 4) * (0.75 + Math.random() / 2))) {
      try {
        await this.#look();
      } catch (error) {
        hooks.trouble(`watching the consumers of ${membership.stream}`, error);
      }
    }
  }

  /** Has entries that were taken over handled, each alone. */
  suspect(ids: readonly string[]): void {
    this.#workload.setAside(ids);
    if (!this.#isHandling) void this.#handle();
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

  #isDead(name: string, beat: string, confirmedMs: number, idleMs = Number.POSITIVE_INFINITY): boolean {
    const now = this.#parts.clock.now();
    const watched = this.#watched.get(name);
    // Zero also stands for a moment in the future: Redis' clock was set back.
    const hasAsked = watched !== undefined && idleMs > 0 && idleMs < now - watched.seenAt;
    if (watched?.beat !== beat || hasAsked) {
      this.#watched.set(name, { beat, seenAt: now, since: confirmedMs, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && confirmedMs - watched.since >= this.#parts.config.leaseMs;
  }

  async #take(dead: string, beat: string): Promise<void> {
    const { hooks, membership } = this.#parts;
    const room = this.#workload.roomAside;
    const ids = room === 0 ? undefined : await membership.takeOver(dead, beat, room);
    if (!ids?.length) return;
    this.suspect(ids);
    hooks.emit("recovered", { stream: membership.stream, group: membership.group, from: dead, count: ids.length });
  }

  async #handle(): Promise<void> {
    const { reading } = this.#parts;
    const { settler } = this.#workload;
    this.#isHandling = true;
    for (let id = this.#workload.admit(); id !== undefined; id = this.#workload.admit()) {
      // A consumer that stops leaves the rest to others.
      if (reading.signal.aborted) return;
      const delivery = await settler.adopt(id);
      if (delivery === null) return;
      if (delivery === undefined) this.#workload.settled(id);
      else await this.#workload.handle(delivery);
      // An entry that was handled but is still pending when the next one kills the process would be blamed for it.
      await settler.flushed();
    }
    this.#isHandling = false;
  }
}
