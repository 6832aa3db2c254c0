import type { PGlite } from "@electric-sql/pglite";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { type PgDatabase, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle as drizzleEmbedded } from "drizzle-orm/pglite";
import knex from "knex";
import { CamelCasePlugin, Kysely, PostgresDialect, type PostgresPool } from "kysely";
import pg from "pg";
import {
  type Adapted,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPrisma,
  type Queryable,
} from "../../runtime/postgres/index.js";
import { prismaClient } from "./prisma-client.js";

/** A library of databases, connected to one. */
export interface Library {
  readonly database: Adapted<unknown>;
  /** One of its transactions, as a user adapts it. */
  adapt(tx: unknown): Queryable;
  /** Inserts a row into `effect` in the library's own words. */
  insert(tx: unknown, message: string): PromiseLike<unknown>;
  close(): Promise<unknown>;
}

interface Typed<Tx> {
  readonly database: Adapted<Tx>;
  adapt(tx: Tx): Queryable;
  insert(tx: Tx, message: string): PromiseLike<unknown>;
  close(): Promise<unknown>;
}

/** By name, on a server. */
export const onServer: Readonly<Record<string, (url: string) => Library>> = {
  drizzle(url) {
    const pool = new pg.Pool({ connectionString: url });
    return drizzleOn(drizzle(pool), () => pool.end());
  },
  kysely: (url) => kyselyOn(new pg.Pool({ connectionString: url })),
  knex(url) {
    // It renames columns, like the mappers of Objection.
    const renamed = (name: string): string => name.replace(/_[a-z]/g, ([, letter]) => String(letter).toUpperCase());
    const postProcessResponse = ({ rows, ...rest }: { readonly rows?: object[] }): object => {
      const named = (row: object): object =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [renamed(name), value]));
      return { ...rest, rows: rows?.map(named) };
    };
    const database = knex({ client: "pg", connection: url, postProcessResponse });
    return library({
      database: fromKnex(database),
      adapt: fromKnex,
      insert: (trx, message_id) => trx("effect").insert({ message_id }),
      close: () => database.destroy(),
    });
  },
  prisma(url) {
    const client = prismaClient(url);
    return library({
      database: fromPrisma(client),
      adapt: (tx) => fromPrisma(tx),
      insert: (tx, message) => tx.$executeRaw`INSERT INTO effect (message_id) VALUES (${message})`,
      close: () => client.$disconnect(),
    });
  },
};

/** By name, those that can use a database inside the process. */
export const embedded: Readonly<Record<string, (engine: PGlite) => Library>> = {
  drizzle: (engine) => drizzleOn(drizzleEmbedded(engine)),
  // Kysely takes whatever looks like a pool. This one lends its only connection to one after the other.
  kysely(engine) {
    let free: Promise<unknown> = Promise.resolve();
    const connect = async (): Promise<object> => {
      const before = free;
      let release = (): void => undefined;
      free = new Promise<void>((resolve) => {
        release = resolve;
      });
      await before;
      return { query: (text: string, values: unknown[]) => engine.query(text, values), release };
    };
    return kyselyOn({ connect, end: async () => undefined } as unknown as PostgresPool);
  },
};

const effect = pgTable("effect", { message_id: text() });

// biome-ignore lint/suspicious/noExplicitAny: as drizzle's own functions over every driver have it
function drizzleOn(database: PgDatabase<any>, close: Library["close"] = async () => undefined): Library {
  return library({
    database: fromDrizzle(database),
    adapt: fromDrizzle,
    insert: (tx, message_id) => tx.insert(effect).values({ message_id: sql`${message_id}` }),
    close,
  });
}

/** With a plugin that renames columns: not those of the inbox. */
function kyselyOn(pool: PostgresPool): Library {
  const plugins = [new CamelCasePlugin()];
  const database = new Kysely<{ effect: { messageId: string } }>({ dialect: new PostgresDialect({ pool }), plugins });
  return library({
    database: fromKysely(database),
    adapt: fromKysely,
    insert: (trx, messageId) => trx.insertInto("effect").values({ messageId }).execute(),
    close: () => database.destroy(),
  });
}

function library<Tx>(typed: Typed<Tx>): Library {
  return typed as unknown as Library;
}
