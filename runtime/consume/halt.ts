import type { GroupPause } from "../broker/group-pause.js";
import type { MemberPlace } from "../broker/membership.js";
import type { RuntimeParts } from "../messaging/hooks.js";

/** How often a consumer asks at least what is paused. */
export const ASK_EVERY_MS = 1000;

/** What waits for a type until it is no longer paused. */
interface Waiting {
  readonly type: string;
  readonly resume: () => void;
}

/**
 * What an operator has paused of a group, as a consumer last learned it. It asks together with its looks for retries, once a
 * second at least, and before its first read. What is paused begins no handler; what has begun goes on.
 */
export class Halt {
  readonly #place: MemberPlace;
  readonly #parts: RuntimeParts;
  #pauses: readonly GroupPause[] = [];
  #types: ReadonlySet<string> = new Set();
  #isTotal = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #waiting: Waiting[] = [];
  readonly #onChange: (() => void)[] = [];

  constructor(place: MemberPlace, parts: RuntimeParts) {
    this.#place = place;
    this.#parts = parts;
  }

  /** What is paused, for reports. */
  get pauses(): readonly GroupPause[] {
    return this.#pauses;
  }

  /** Whether the whole group is paused. */
  get isTotal(): boolean {
    return this.#isTotal;
  }

  /** Whether any type is. Without one no entry is asked for its type. */
  get isOfTypes(): boolean {
    return this.#types.size > 0;
  }

  /** Whether it is known for so long that it is to be asked again. */
  get isOld(): boolean {
    return this.#parts.clock.now() - this.#askedAt >= ASK_EVERY_MS;
  }

  holds(type: string | undefined): type is string {
    return type !== undefined && this.#types.has(type);
  }

  /** @param call - called when anything was resumed or paused */
  onChange(call: () => void): void {
    this.#onChange.push(call);
  }

  /** Calls when a type is no longer paused. */
  afterwards(type: string, resume: () => void): void {
    this.#waiting.push({ type, resume });
  }

  /** @param pauses - what is paused now; `undefined` when that is not known, and what was known stays */
  learn(pauses: readonly GroupPause[] | undefined): void {
    this.#askedAt = this.#parts.clock.now();
    if (pauses === undefined || (pauses.length === 0 && this.#pauses.length === 0)) return;
    const before = this.#pauses;
    this.#pauses = pauses;
    this.#isTotal = pauses.some(({ type }) => type === undefined);
    this.#types = new Set(pauses.flatMap(({ type }) => type ?? []));
    const added = pauses.filter((pause) => !before.some((other) => isSame(pause, other)));
    const ended = before.filter(({ type }) => !pauses.some((other) => other.type === type));
    if (added.length + ended.length === 0) return;
    this.#tell(added, ended);
    const due = this.#waiting.filter(({ type }) => !this.#types.has(type));
    this.#waiting = this.#waiting.filter(({ type }) => this.#types.has(type));
    for (const { resume } of due) resume();
    for (const call of this.#onChange) call();
  }

  /** The consumer of the entries that are redriven to the same group would tell the same once more. */
  #tell(added: readonly GroupPause[], ended: readonly GroupPause[]): void {
    const { stream, group, redriven } = this.#place;
    if (redriven) return;
    const { hooks } = this.#parts;
    for (const { type, until, by, why } of added) {
      const till = until === undefined ? undefined : new Date(until).toISOString();
      hooks.emit("paused", { stream, group, type, until: till, by, why });
    }
    for (const { type } of ended) hooks.emit("resumed", { stream, group, type });
  }
}

function isSame(one: GroupPause, other: GroupPause): boolean {
  return one.type === other.type && one.until === other.until && one.at === other.at;
}
