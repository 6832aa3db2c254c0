import type { GroupPause } from "../broker/group-pause.js";
import type { RetryCall } from "../broker/retry-call.js";
import type { Timer } from "../time/clock.js";
import type { MemoryGroup } from "./memory-group.js";
import type { VirtualClock } from "./virtual-clock.js";

/** Before everything else that is due, in the order of the stream. */
export const AT_ONCE: number = Number.MIN_SAFE_INTEGER;
/** Not before it is resumed. */
const LATER = Number.MAX_SAFE_INTEGER;
/** Members ask once a second. */
const CALLS_KEPT_MS = 60_000;

interface Called extends RetryCall {
  /** By which it is told from others. */
  readonly name: string;
  /** From then on nobody needs it. */
  readonly until: number;
}

interface Known {
  readonly pause: GroupPause;
  readonly end: Timer | undefined;
}

/** What is paused of one group, and of what is redriven to it. */
export class Pauses {
  readonly #clock: VirtualClock;
  readonly #groups: () => readonly MemoryGroup[];
  readonly #known = new Map<string | undefined, Known>();

  #calls: readonly Called[] = [];
  #lastCall = 0;

  /** @param groups - the groups for which it counts, if they exist */
  constructor(clock: VirtualClock, groups: () => readonly MemoryGroup[]) {
    this.#clock = clock;
    this.#groups = groups;
  }

  get all(): readonly GroupPause[] {
    return [...this.#known.values()].map(({ pause }) => pause);
  }

  /** What was called for lately, the oldest first. */
  get calls(): readonly RetryCall[] {
    return this.#calls;
  }

  get isTotal(): boolean {
    return this.#known.has(undefined);
  }

  /** Whether a type is paused by itself. */
  has(type: string | undefined): boolean {
    return type !== undefined && this.#known.has(type);
  }

  add(pause: GroupPause): void {
    const { type, until } = pause;
    this.#known.get(type)?.end?.cancel();
    const leftMs = until === undefined ? undefined : Math.max(0, until - this.#clock.wall());
    const end = leftMs === undefined ? undefined : this.#clock.after(leftMs, () => this.#expire(type));
    this.#known.set(type, { pause, end });
    this.#tell();
  }

  /** @param type - `undefined` for all that is paused */
  resume(type: string | undefined): readonly GroupPause[] {
    const types = type === undefined ? [...this.#known.keys()] : [type];
    const resumed = this.all.filter((pause) => types.includes(pause.type));
    this.#forget(types);
    return resumed;
  }

  /** Makes what waits for a type due that is no longer paused. Returns how much that was. */
  recall(): number {
    let count = 0;
    for (const group of this.#groups()) {
      for (const pending of group.parked) {
        const { pausedType, entry } = pending;
        if (pausedType === undefined || this.#known.has(pausedType)) continue;
        pending.pausedType = undefined;
        pending.dueAt = AT_ONCE + entry.at;
        count++;
      }
    }
    this.#tell();
    return count;
  }

  /** Has members retry what they hold. */
  call(type: string | undefined, id: string | undefined): void {
    const name = `${type ?? ""}\n${id ?? ""}`;
    const now = this.#clock.now();
    const others = this.#calls.filter((call) => call.name !== name && call.until > now);
    this.#calls = [...others, { name, at: ++this.#lastCall, type, id, until: now + CALLS_KEPT_MS }];
    this.#tell();
  }

  /** When an entry of a type is due that is parked now. */
  dueAt(type: string, at: number): number {
    return this.#known.has(type) ? LATER : AT_ONCE + at;
  }

  #expire(type: string | undefined): void {
    this.#forget([type]);
    this.recall();
  }

  #forget(types: readonly (string | undefined)[]): void {
    for (const type of types) {
      this.#known.get(type)?.end?.cancel();
      this.#known.delete(type);
    }
  }

  #tell(): void {
    for (const { due, arrived } of this.#groups()) {
      due.tell();
      arrived.tell();
    }
  }
}
