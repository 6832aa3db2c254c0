import { PGlite } from "@electric-sql/pglite";
import pg from "pg";

export type Row = Record<string, unknown>;
export type Query = (sql: string, parameters?: unknown[]) => Promise<Row[]>;

/** The part of PostgreSQL that the examples need, embedded or on a server. */
export interface Database {
  readonly query: Query;
  /** Commits when the work resolves, rolls back when it rejects. */
  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Opens the server at `DATABASE_URL`, or PostgreSQL inside this process, stored in `AUDIT_FOLDER` or in memory. */
export function openDatabase(env: NodeJS.ProcessEnv = process.env): Promise<Database> {
  return env["DATABASE_URL"] ? openServer(env["DATABASE_URL"]) : openEmbedded(env["AUDIT_FOLDER"]);
}

async function openServer(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url });
  pool.on("error", (error) => console.error(`lost an idle connection to PostgreSQL: ${error.message}`));
  return {
    query: async (sql, parameters) => (await pool.query<Row>(sql, parameters)).rows,
    async transaction(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(async (sql, parameters) => (await client.query<Row>(sql, parameters)).rows);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

async function openEmbedded(folder: string | undefined): Promise<Database> {
  const engine = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
  return {
    query: async (sql, parameters) => (await engine.query<Row>(sql, parameters)).rows,
    transaction: (work) =>
      engine.transaction((transaction) =>
        work(async (sql, parameters) => (await transaction.query<Row>(sql, parameters)).rows),
      ),
    close: () => engine.close(),
  };
}
