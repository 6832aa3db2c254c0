import type { ConsumerParts } from "./parts.js";
import type { Settler } from "./settler.js";

export interface LapsesParts extends Pick<ConsumerParts, "membership" | "hooks"> {
  readonly untilDone: Settler["untilDone"];
  /** The ids of the entries whose handler has begun, and whose settlement has not. */
  handled(): readonly string[];
  /** Other members may have taken what waits here. */
  contest(): void;
  /** Entries may have been delivered to this consumer that did not arrive. */
  suspectLoss(): void;
}

/** The lapses of a consumer's lease: its process was stopped, or Redis was away. */
export class Lapses {
  readonly #parts: LapsesParts;
  #count = 0;
  #isLapsed = false;
  #judging: Promise<void> | undefined;

  constructor(parts: LapsesParts) {
    this.#parts = parts;
  }

  /** How often one was noticed. */
  get count(): number {
    return this.#count;
  }

  /** After a lapse: resolves when it is known which entries in progress others have taken. */
  get judged(): Promise<void> | undefined {
    return this.#judging;
  }

  /**
   * After a lapse other members may have taken what waits here. So each entry is fetched before it begins, which only its owner
   * can do, and keeps its place in its lane.
   *
   * @returns how often a lapse was noticed. A reply to what was asked for before comes after it, and may be as old
   */
  notice(): number {
    const { membership, contest, suspectLoss } = this.#parts;
    const isLapsed = membership.lapsed();
    if (isLapsed) {
      this.#count++;
      contest();
    }
    if (isLapsed && !this.#isLapsed) {
      suspectLoss();
      this.#judge();
    }
    this.#isLapsed = isLapsed;
    return this.#count;
  }

  #judge(): void {
    const judging = this.#reportOvertaken().finally(() => {
      if (this.#judging === judging) this.#judging = undefined;
    });
    this.#judging = judging;
  }

  /** Reports those entries in progress that other members have taken meanwhile. Their settlement waits for it: it would hide them. */
  async #reportOvertaken(): Promise<void> {
    const { membership, hooks, untilDone, handled } = this.#parts;
    const begun = handled();
    if (begun.length === 0) return;
    const looking = "looking for entries that were taken over";
    const own = await untilDone(looking, () => membership.owned(begun));
    const count = begun.length - (own?.size ?? begun.length);
    if (count > 0) hooks.emit("overtaken", { stream: membership.stream, group: membership.group, count });
  }
}
