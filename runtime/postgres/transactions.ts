import { type Database, isPool, type Queryable, transaction } from "./database.js";
import { prepared } from "./prepared.js";

/** A database that begins transactions, and how each of them is queried. `fromDrizzle` and its like make one. */
export interface Transactions<Tx> {
  /** Commits when the work resolves, rolls back when it rejects. It may call the work again after a rollback. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** The transaction as inbox and outbox query it. */
  queryable(tx: Tx): Queryable;
  /** The same, for statements that are prepared once for each connection. Behind a pooler they may be lost. */
  prepared?(tx: Tx): Queryable;
  /** Whether `transaction` rejects where PostgreSQL answers COMMIT with a rollback, because a statement before it failed. */
  readonly confirmsCommit?: boolean;
}

/** What an inbox or a saga takes: a `pg.Pool`, a `PGlite`, or the database of a library, through its adapter. */
export type Transactional = Database | Transactions<unknown>;

/** The transactions of a database, as its own library types them. */
export type TransactionOf<Source> =
  Source extends Transactions<infer Tx>
    ? Tx
    : Source extends { transaction(work: (tx: infer Tx) => Promise<unknown>): Promise<unknown> }
      ? Tx
      : Source extends { connect: { (): Promise<infer Client>; (callback: never): void } }
        ? Client
        : Source extends { connect(): Promise<infer Client> }
          ? Client
          : never;

export function transactionsOf<Source extends Transactional>(source: Source): Transactions<TransactionOf<Source>> {
  const given: Transactional = source;
  if ("queryable" in given) return given as unknown as Transactions<TransactionOf<Source>>;
  const whole: Transactions<Queryable> = {
    transaction: (work) => transaction(given, work),
    queryable: (tx) => tx,
    ...(isPool(given) ? { prepared, confirmsCommit: true } : {}),
  };
  return whole as unknown as Transactions<TransactionOf<Source>>;
}
