import type { Queryable } from "../database.js";
import { type Adapted, adapted, rowsOf } from "./adapted.js";

/** What is used of a database or a transaction of drizzle-orm. */
interface Drizzle {
  execute(query: never): PromiseLike<unknown>;
}

interface DrizzleDatabase<Tx extends Drizzle> extends Drizzle {
  transaction(work: (tx: Tx) => Promise<unknown>): Promise<unknown>;
}

/**
 * A database or a transaction of drizzle-orm, for the outbox and the inbox.
 * @example
 * await db.transaction(async (tx) => {
 *   await tx.insert(users).values({ id: 123, email: "ada@example.com" });
 *   await publishUserCreated(outbox(fromDrizzle(tx)), { entity_id: 123, after_data: { email: "ada@example.com" } });
 * });
 */
export function fromDrizzle<Tx extends Drizzle>(database: DrizzleDatabase<Tx>): Adapted<Tx> {
  return adapted(database, queryableOf, (work) => database.transaction(work));
}

function queryableOf(drizzle: Drizzle): Queryable {
  return {
    async query(sql, values = []) {
      const statement = { getSQL: () => ({ toQuery: () => ({ sql, params: [...values] }) }) };
      return { rows: rowsOf(await drizzle.execute(statement as never)) };
    },
  };
}
