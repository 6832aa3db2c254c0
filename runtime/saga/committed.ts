import { repeatingConflicts } from "../postgres/conflict.js";
import type { Queryable } from "../postgres/database.js";
import type { Transactions } from "../postgres/transactions.js";

/** What work in a transaction resolves to, once that is committed. Where another transaction was in its way, it runs again. */
export function committed<Result>(
  transactions: Transactions<unknown>,
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  return repeatingConflicts(() => transactions.transaction((tx) => work(transactions.queryable(tx))));
}
