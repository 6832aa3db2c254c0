import type { Queryable } from "./database.js";
import { insertion, MOST_ROWS, type OutboxRow } from "./outbox-row.js";

/** The place of a call among those of its turn. Its rows are known later, when the call has passed the interceptors. */
export interface Slot {
  /** Resolves when the rows are in the transaction. */
  write(rows: readonly OutboxRow[]): Promise<void>;
  /** The call has ended. Where it has written nothing, the others no longer wait for it. */
  end(): void;
}

/**
 * Gathers what is published in one turn of the event loop and writes it by one statement, in the order of the calls. Turns are
 * written one after the other.
 */
export class OutboxTurns {
  readonly #transaction: Queryable;
  #turn: WaitingSlot[] | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(transaction: Queryable) {
    this.#transaction = transaction;
  }

  slot(): Slot {
    let turn = this.#turn;
    if (turn === undefined) {
      turn = [];
      this.#turn = turn;
      process.nextTick(() => {
        const slots = this.#turn ?? [];
        this.#turn = undefined;
        this.#last = this.#last.then(() => this.#write(slots));
      });
    }
    const slot = new WaitingSlot((rows) => this.#insert(rows));
    turn.push(slot);
    return slot;
  }

  async #write(slots: readonly WaitingSlot[]): Promise<void> {
    const rows = (await Promise.all(slots.map(({ rows }) => rows))).flat();
    const inserted = this.#insert(rows);
    for (const slot of slots) slot.inserted(inserted);
    // Whoever has written a row hears of it.
    await inserted.catch(() => {});
  }

  async #insert(rows: readonly OutboxRow[]): Promise<void> {
    for (let from = 0; from < rows.length; from += MOST_ROWS) {
      const some = rows.slice(from, from + MOST_ROWS);
      await this.#transaction.query(insertion(some.length), some.flat());
    }
  }
}

class WaitingSlot implements Slot {
  readonly rows: Promise<readonly OutboxRow[]>;
  readonly #insertLater: (rows: readonly OutboxRow[]) => Promise<void>;
  #give!: (rows: readonly OutboxRow[]) => void;
  readonly #stored: Promise<void>;
  inserted!: (inserted: Promise<void>) => void;
  #isGiven = false;

  /** @param insertLater - for what an interceptor publishes once more, when the turn is over */
  constructor(insertLater: (rows: readonly OutboxRow[]) => Promise<void>) {
    this.#insertLater = insertLater;
    this.rows = new Promise((resolve) => {
      this.#give = resolve;
    });
    this.#stored = new Promise((resolve) => {
      this.inserted = resolve;
    });
    this.#stored.catch(() => {});
  }

  write(rows: readonly OutboxRow[]): Promise<void> {
    if (this.#isGiven) return this.#insertLater(rows);
    this.#isGiven = true;
    this.#give(rows);
    return this.#stored;
  }

  end(): void {
    this.#isGiven = true;
    this.#give([]);
  }
}
