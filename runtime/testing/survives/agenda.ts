import type { Due, Parcel } from "./parcel.js";

/** What is to be delivered, and in which order. */
export class Agenda {
  readonly parcels: readonly Parcel[];
  readonly #isOrdered: boolean;
  readonly #due: Due[];

  /** @param isOrdered - whether a message waits for those before it, also for their retries */
  constructor(count: number, isOrdered: boolean) {
    this.#isOrdered = isOrdered;
    this.parcels = Array.from({ length: count }, (_, at) => ({
      number: at + 1,
      isOnly: count === 1,
      name: count === 1 ? "the message" : `message ${at + 1}`,
      ...{ owned: undefined, isAcknowledged: false, failures: 0, answer: undefined },
    }));
    this.#due = this.parcels.map((parcel) => ({ parcel, redelivered: false }));
  }

  /** The next message, if it need not wait for those that are under way. */
  get meanwhile(): Due | undefined {
    return this.#isOrdered ? undefined : this.#due[0];
  }

  get hasDue(): boolean {
    return this.#due.length > 0 || this.#lost !== undefined;
  }

  /** Takes what is delivered next, now that nothing is under way. */
  take(): Due | undefined {
    const lost = this.#lost;
    if (lost !== undefined && (this.#isOrdered || this.#due.length === 0)) return { parcel: lost, redelivered: true };
    return this.#due.shift();
  }

  /** Whether a delivery waits for others, because of its delay. It is noted then. */
  postpones(due: Due): boolean {
    if (this.#isOrdered || this.#due.length === 0) return false;
    this.#due.push(due);
    return true;
  }

  /** A message whose process died. */
  get #lost(): Parcel | undefined {
    return this.parcels.find(({ owned, isAcknowledged }) => !isAcknowledged && owned?.process.isDead === true);
  }
}
