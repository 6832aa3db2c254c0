import type { Queryable } from "../database.js";
import { type Adapted, adapted, rowsOf } from "./adapted.js";

/** What is used of a database or a transaction of Kysely. */
interface Kysely {
  executeQuery(query: never): Promise<{ readonly rows: unknown[] }>;
  withoutPlugins(): Kysely;
}

interface KyselyDatabase<Tx extends Kysely> extends Kysely {
  transaction(): { execute(work: (trx: Tx) => Promise<unknown>): Promise<unknown> };
}

/**
 * A database or a transaction of Kysely, for the outbox and the inbox. Plugins, which may rename columns, do not see their
 * statements.
 * @example
 * await kysely.transaction().execute(async (trx) => {
 *   await trx.insertInto("users").values({ id: 123, email: "ada@example.com" }).execute();
 *   await publishUserCreated(outbox(fromKysely(trx)), { entity_id: 123, after_data: { email: "ada@example.com" } });
 * });
 */
export function fromKysely<Tx extends Kysely>(database: KyselyDatabase<Tx>): Adapted<Tx> {
  return adapted(database, queryableOf, (work) => database.transaction().execute(work));
}

function queryableOf(kysely: Kysely): Queryable {
  const bare = kysely.withoutPlugins();
  return {
    async query(sql, parameters = []) {
      const node = { kind: "RawNode", sqlFragments: [sql], parameters: [] };
      const compiled = { sql, parameters, query: node, queryId: { queryId: sql } };
      return { rows: rowsOf(await bare.executeQuery(compiled as never)) };
    },
  };
}
