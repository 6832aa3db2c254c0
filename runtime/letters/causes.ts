import { addedAt } from "../broker/entry-id.js";
import type { Cause } from "./cause.js";

/** The dead letters of one cause. */
export interface DeadLetterCause extends Cause {
  readonly count: number;
  /** When the first and the last of them died, by the broker's clock. RFC 3339 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The id of the last one. */
  readonly example: string;
}

/** Dead letters by their causes. */
export interface DeadLetterCauses {
  /** The most frequent cause first. */
  readonly causes: readonly DeadLetterCause[];
  /** How many letters matched. */
  readonly letters: number;
  /** How many of them have further causes: a thousand are told apart. */
  readonly others: number;
}

const MOST_CAUSES = 1000;

interface Counted {
  readonly cause: Cause;
  readonly first: string;
  count: number;
  last: string;
}

/** Counts letters by their causes, of which the older ones come first. */
export class CauseTally {
  readonly #causes = new Map<string, Counted>();
  #letters = 0;
  #others = 0;

  add(id: string, cause: Cause): void {
    this.#letters++;
    const known = this.#causes.get(cause.id);
    if (known !== undefined) {
      known.count++;
      known.last = id;
    } else if (this.#causes.size < MOST_CAUSES) {
      this.#causes.set(cause.id, { cause, count: 1, first: id, last: id });
    } else this.#others++;
  }

  get result(): DeadLetterCauses {
    const counted = [...this.#causes.values()].sort((one, other) => other.count - one.count);
    const causes = counted.map(({ cause, count, first, last }) => {
      return { ...cause, count, firstAt: momentOf(first), lastAt: momentOf(last), example: last };
    });
    return { causes, letters: this.#letters, others: this.#others };
  }
}

function momentOf(id: string): string {
  return new Date(addedAt(id)).toISOString();
}
