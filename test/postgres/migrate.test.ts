import { PGlite } from "@electric-sql/pglite";
import type pg from "pg";
import { describe, expect, test } from "vitest";
import { type Database, type Queryable, transaction } from "../../runtime/postgres/database.js";
import { assertMigrated, migrate } from "../../runtime/postgres/migrate.js";
import { migrations } from "../../runtime/postgres/migrations.js";
import { hasPostgres, poolOf, schemaOn, usePostgres } from "../support/postgres.js";

const latest = migrations().length;

test("each file of SQL has the number that follows, and records itself", () => {
  expect(migrations().map(({ version }) => version)).toEqual(migrations().map((_, at) => at + 1));
  for (const { version, sql } of migrations()) {
    expect(sql).toContain(`INSERT INTO merp_migration (version, name) VALUES (${version}, '`);
  }
});

test("a client, a client of a pool, a pool and an embedded database fit as they are", () => {
  type Fits<Given extends Queryable> = Given;
  type Begins<Given extends Database> = Given;
  type Transaction = Parameters<Parameters<PGlite["transaction"]>[0]>[0];
  const fitting: [Fits<pg.Client>, Fits<pg.PoolClient>, Fits<PGlite>, Fits<Transaction>] | undefined = undefined;
  const beginning: [Begins<pg.Pool>, Begins<PGlite>] | undefined = undefined;
  expect([fitting, beginning]).toEqual([undefined, undefined]);
});

describe.skipIf(!hasPostgres)("on a server", async () => {
  const { postgres } = hasPostgres ? await usePostgres() : { postgres: { url: "" } };
  tables(async () => {
    const pool = poolOf(await schemaOn(postgres));
    return { database: pool, close: () => pool.end() };
  });

  test("processes that start at once migrate one after the other", async () => {
    const pool = poolOf(await schemaOn(postgres));
    const done = await Promise.all([1, 2, 3, 4].map(() => migrate(pool)));
    expect(done.filter(({ from }) => from === 0)).toHaveLength(1);
    await pool.end();
  });

  test("a transaction whose connection breaks rejects, and its connection is not lent again", async () => {
    const pool = poolOf(await schemaOn(postgres), { max: 1 });
    await pool.query("CREATE TABLE note (text text)");
    const broken = transaction(pool, async (tx) => {
      await tx.query("INSERT INTO note VALUES ('lost')");
      await tx.query("SELECT pg_terminate_backend(pg_backend_pid())");
    });
    await expect(broken).rejects.toThrow("terminat");
    expect((await pool.query("SELECT * FROM note")).rows).toEqual([]);
    await pool.end();
  });
});

describe("inside the process", () => {
  tables(async () => {
    const database = await PGlite.create();
    return { database, close: () => database.close() };
  });
});

function tables(open: () => Promise<{ readonly database: Database; readonly close: () => Promise<void> }>): void {
  test("the tables are made once, and are those of this release", async () => {
    const { database, close } = await open();

    await expect(assertMigrated(database)).rejects.toThrow(/the tables merp_… are missing: run merp outbox migrate/);
    expect(await migrate(database)).toEqual({ from: 0, to: latest });
    expect(await migrate(database)).toEqual({ from: latest, to: latest });
    await assertMigrated(database);

    await database.query("DELETE FROM merp_migration WHERE version > 1");
    if (latest > 1) await expect(assertMigrated(database)).rejects.toThrow(`are of version 1, and this release needs`);
    await database.query("INSERT INTO merp_migration (version, name) VALUES (99, 'later')");
    const newer = /are of version 99, made by a newer release; this one knows \d+: update/;
    await expect(assertMigrated(database)).rejects.toThrow(newer);
    await expect(migrate(database)).rejects.toThrow(newer);
    await close();
  });

  test("work that rejects leaves nothing, and its error is passed on", async () => {
    const { database, close } = await open();
    await database.query("CREATE TABLE note (text text)");

    const failed = transaction(database, async (tx) => {
      await tx.query("INSERT INTO note VALUES ($1)", ["lost"]);
      throw new Error("no longer wanted");
    });
    await expect(failed).rejects.toThrow("no longer wanted");
    expect(await transaction(database, async (tx) => (await tx.query("SELECT * FROM note")).rows)).toEqual([]);
    await close();
  });
}
