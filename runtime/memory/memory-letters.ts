import { addedAt, ageOf, nextId } from "../broker/entry-id.js";
import type { DeadBounds, DroppedLetters, OpenLetters } from "../broker/log.js";
import type { FlatFields } from "../contract/codec.js";
import type { Entry } from "./entry-log.js";

/** A dead letter as it is stored. */
export interface MemoryLetter {
  readonly id: string;
  readonly group: string;
  readonly fields: FlatFields;
  /** Its entry where that was too large to be copied. */
  readonly kept: Entry | undefined;
  /** How it was settled, as JSON; `null` while it is open. */
  mark: string | null;
}

/** The dead letters of a stream. */
export class MemoryLetters {
  readonly #letters = new Map<string, MemoryLetter>();
  #lastId = "0-0";

  /** The greatest id that one ever had. */
  get lastId(): string {
    return this.#lastId;
  }

  /** Returns the letter's id. */
  add(letter: Pick<MemoryLetter, "group" | "fields" | "kept">, nowMs: number): string {
    this.#lastId = nextId(this.#lastId, nowMs) as string;
    this.#letters.set(this.#lastId, { ...letter, id: this.#lastId, mark: null });
    return this.#lastId;
  }

  get all(): readonly MemoryLetter[] {
    return [...this.#letters.values()];
  }

  find(id: string): MemoryLetter | undefined {
    return this.#letters.get(id);
  }

  /** Returns whether it was there. */
  remove(id: string): boolean {
    return this.#letters.delete(id);
  }

  /** Whether an open letter refers to an entry. */
  refersTo(entry: Entry): boolean {
    return this.all.some(({ kept, mark }) => kept === entry && mark === null);
  }

  /** The open ones of a group. */
  open(group: string, nowMs: number): OpenLetters {
    const open = this.all.filter((letter) => letter.group === group && letter.mark === null);
    const [oldest] = open;
    return { count: open.length, oldestMs: oldest === undefined ? 0 : ageOf(oldest.id, nowMs), ids: "current" };
  }

  /** Removes what is too old or too many: what was settled goes first, then the oldest. Returns those that were open. */
  bound({ maxAgeMs, maxLength }: DeadBounds, nowMs: number): readonly DroppedLetters[] {
    const groups = new Set(this.all.map(({ group }) => group));
    return [...groups].flatMap((group) => {
      const own = this.all.filter((letter) => letter.group === group);
      const tooOld = own.filter(({ id }) => addedAt(id) < nowMs - maxAgeMs);
      const rest = own.filter((letter) => !tooOld.includes(letter));
      const inTurn = [...rest.filter(({ mark }) => mark !== null), ...rest.filter(({ mark }) => mark === null)];
      const removed = [...tooOld, ...inTurn.slice(0, Math.max(0, rest.length - maxLength))];
      for (const { id } of removed) this.#letters.delete(id);
      const count = removed.filter(({ mark }) => mark === null).length;
      return count === 0 ? [] : [{ group, count }];
    });
  }
}
