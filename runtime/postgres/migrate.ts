import { ConfigError } from "../errors.js";
import { type Database, type Queryable, transaction } from "./database.js";
import { type Migration, migrations } from "./migrations.js";

/** What `migrate` has done. */
export interface Migrated {
  /** The version of the tables before, 0 where there were none. */
  readonly from: number;
  /** The version of the tables now. */
  readonly to: number;
}

/** By which two processes that start at once migrate one after the other. */
const LOCK = "SELECT pg_advisory_xact_lock(hashtext('merp_migration'))";

/**
 * Creates the tables of the outbox, and of what else this entry keeps, in the first schema of the connection's search path, or
 * brings them up to date, in one transaction. It does nothing to tables that are up to date, so each process may call it
 * when it starts. The files of SQL are in the package, in `dist/runtime/postgres/migrations`, for who runs them by another tool.
 * @throws {ConfigError} the tables were made by a newer release
 * @example
 * await migrate(new pg.Pool({ connectionString: process.env["DATABASE_URL"] }));
 */
export async function migrate(database: Database): Promise<Migrated> {
  const known = migrations();
  return transaction(database, async (tx) => {
    await tx.query(LOCK);
    const from = await versionOf(tx);
    refuseNewer(from, known);
    for (const { version, sql } of known) {
      if (version <= from) continue;
      for (const statement of statementsOf(sql)) await tx.query(statement);
    }
    return { from, to: known.length };
  });
}

/**
 * Checks that the tables are those of this release.
 * @throws {ConfigError} they are missing, older or newer
 * @example
 * await assertMigrated(pool);
 */
export async function assertMigrated(database: Queryable): Promise<void> {
  const known = migrations();
  const version = await versionOf(database);
  refuseNewer(version, known);
  if (version === known.length) return;
  const what = version === 0 ? "are missing" : `are of version ${version}, and this release needs ${known.length}`;
  throw new ConfigError([
    `the tables merp_… ${what}: run merp outbox migrate, or await migrate(pool) when the service starts. ` +
      "If they are in another schema, name it in the connection's search_path",
  ]);
}

/** 0 where there are no tables. */
async function versionOf(database: Queryable): Promise<number> {
  const { rows } = await database.query("SELECT to_regclass('merp_migration') IS NOT NULL AS present");
  if (rows[0]?.["present"] !== true) return 0;
  const found = await database.query("SELECT coalesce(max(version), 0) AS version FROM merp_migration");
  return Number(found.rows[0]?.["version"]);
}

function refuseNewer(version: number, known: readonly Migration[]): void {
  if (version <= known.length) return;
  throw new ConfigError([
    `the tables merp_… are of version ${version}, made by a newer release; this one knows ${known.length}: update @m-erp/messaging`,
  ]);
}

/** An embedded database runs one statement a call. Our files have an empty line between two. */
function statementsOf(sql: string): readonly string[] {
  return sql.split(/\n\n+/).filter((statement) => /^(?!--)\S/m.test(statement));
}
