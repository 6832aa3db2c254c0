import type { Queryable } from "./database.js";
import { insertion, MOST_ROWS, type OutboxRow } from "./outbox-row.js";

/** Gathers the rows of one turn of the event loop and writes them to a transaction by one statement. */
export class OutboxTurns {
  readonly #transaction: Queryable;
  #rows: OutboxRow[] = [];
  #turn: Promise<void> | undefined;

  constructor(transaction: Queryable) {
    this.#transaction = transaction;
  }

  /** Resolves when the rows are in the transaction, in the order of the calls. */
  write(rows: readonly OutboxRow[]): Promise<void> {
    for (const row of rows) this.#rows.push(row);
    this.#turn ??= new Promise((resolve, reject) => {
      process.nextTick(() => {
        const gathered = this.#rows;
        this.#rows = [];
        this.#turn = undefined;
        this.#insert(gathered).then(resolve, reject);
      });
    });
    return this.#turn;
  }

  async #insert(rows: readonly OutboxRow[]): Promise<void> {
    for (let from = 0; from < rows.length; from += MOST_ROWS) {
      const some = rows.slice(from, from + MOST_ROWS);
      await this.#transaction.query(insertion(some.length), some.flat());
    }
  }
}
