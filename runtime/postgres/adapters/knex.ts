import type { Queryable } from "../database.js";
import { type Adapted, adapted, rowsOf } from "./adapted.js";

/** What is used of a database or a transaction of Knex. */
interface Knex {
  raw(sql: string, bindings: never): PromiseLike<unknown>;
}

interface KnexDatabase<Tx extends Knex> extends Knex {
  transaction(work: (trx: Tx) => Promise<unknown>): Promise<unknown>;
}

/**
 * A database or a transaction of Knex, for the outbox and the inbox.
 * @example
 * await knex.transaction(async (trx) => {
 *   await trx("users").insert({ id: 123, email: "ada@example.com" });
 *   await publishUserCreated(outbox(fromKnex(trx)), { entity_id: 123, after_data: { email: "ada@example.com" } });
 * });
 */
export function fromKnex<Tx extends Knex>(database: KnexDatabase<Tx>): Adapted<Tx> {
  return adapted(database, queryableOf, (work) => database.transaction(work));
}

/** Knex numbers its parameters itself: each place of one is a question mark, and any other question mark is escaped. */
function queryableOf(knex: Knex): Queryable {
  return {
    async query(text, values = []) {
      const bindings: unknown[] = [];
      const sql = text.replace(/\?|\$(\d+)/g, (_, place?: string) => {
        if (place === undefined) return "\\?";
        bindings.push(values[Number(place) - 1] ?? null);
        return "?";
      });
      return { rows: rowsOf(await knex.raw(sql, bindings as never)) };
    },
  };
}
