import type { Queryable, Row } from "../database.js";
import type { Transactions } from "../transactions.js";

/** A database of another library, or one of its transactions. */
export interface Adapted<Tx> extends Queryable, Transactions<Tx> {}

/** @param queryable - makes what outbox and inbox query of the database, or of a transaction */
export function adapted<Tx>(
  database: object,
  queryable: (some: never) => Queryable,
  transaction: (work: (tx: Tx) => Promise<unknown>) => Promise<unknown>,
): Adapted<Tx> {
  const of = queryable as (some: object) => Queryable;
  return {
    ...of(database),
    queryable: of as Adapted<Tx>["queryable"],
    transaction: transaction as Adapted<Tx>["transaction"],
  };
}

/** Drivers return the rows, or a result that has them. */
export function rowsOf(result: unknown): readonly Row[] {
  const rows = Array.isArray(result) ? result : (result as { readonly rows?: readonly Row[] }).rows;
  return rows ?? [];
}
