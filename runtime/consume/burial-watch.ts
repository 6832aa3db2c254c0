import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

/** Ends the handlers of entries that an operator has moved to the dead letters. */
export class BurialWatch {
  readonly #parts: ConsumerParts;
  readonly #workload: Workload;
  /** The entries whose handlers ran at the last look. */
  #running: ReadonlySet<string> = new Set();

  constructor(parts: ConsumerParts, workload: Workload) {
    this.#parts = parts;
    this.#workload = workload;
  }

  /** Only of those entries whose handlers have run since the last look is the broker asked. */
  async look(): Promise<void> {
    const running = this.#workload.handled();
    const long = running.filter((id) => this.#running.has(id));
    this.#running = new Set(running);
    const { membership, dispatcher } = this.#parts;
    if (long.length === 0) return;
    for (const id of (await membership.buried?.(long)) ?? []) dispatcher.dismiss(id);
  }

  /** Looks for as long as something may be settled: also for what a partition's owner waits for before it frees the partition. */
  async run(): Promise<void> {
    const { clock, config, hooks, membership, settling } = this.#parts;
    if (membership.buried === undefined) return;
    const pauseMs = (): number => (config.leaseMs / 4) * (0.75 + clock.chance() / 2);
    while (await settling.for(pauseMs())) {
      try {
        await this.look();
      } catch (error) {
        hooks.trouble(`looking for buried messages of ${membership.stream}`, error);
      }
    }
  }
}
