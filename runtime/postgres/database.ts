// postgres/ keeps messages in the service's own PostgreSQL. It may import delivery's base, publish/ and handle/, and no driver.

import { MessagingError } from "../errors.js";
import { codesIn } from "./conflict.js";
import { lentClient } from "./lent-client.js";
import { OpenTransaction } from "./open-transactions.js";

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * What runs a statement: a client of `pg`, `PGlite`, or a transaction of either. Parameters are `$1`, `$2`, … in the text.
 * @example
 * const { rows } = await tx.query("SELECT email FROM users WHERE id = $1", [123]);
 */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Row[] }>;
}

/** One connection of a pool, as `pg.Pool` lends it. */
export interface PooledClient extends Queryable {
  /** @param error - with one, the connection is closed instead of lent again */
  release(error?: Error | boolean): void;
  on(event: "notification", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** A pool of connections to a server, such as `pg.Pool`. */
export interface Pool extends Queryable {
  connect(): Promise<PooledClient>;
}

/**
 * A database inside the process, such as `PGlite`: it has one connection, and runs one transaction after the other, each with an
 * object of its own.
 */
export interface EmbeddedDatabase extends Queryable {
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
}

/** What transactions can be begun on: a `pg.Pool` or a `PGlite`. */
export type Database = Pool | EmbeddedDatabase;

/** Whether a database is a pool of connections to a server. */
export function isPool(database: Database): database is Pool {
  return "connect" in database;
}

/**
 * Runs work in a transaction at the level READ COMMITTED: it commits when the work resolves, and rolls back when it rejects. What the
 * work has begun to write to an outbox is in the transaction, also where the work has not awaited it: the commit waits for it, and
 * the transaction rolls back if that fails. Once it has ended, its object runs no statement: a late one rejects.
 * @throws whatever the work rejects with
 * @example
 * await transaction(pool, async (tx) => {
 *   await tx.query("INSERT INTO users VALUES ($1)", [123]);
 *   await publishUserCreated(outbox(tx), { entity_id: 123, after_data: { email: "ada@example.com" } });
 * });
 */
export async function transaction<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  if (isPool(database)) return inPool(database, work);
  return database.transaction((tx) => completed(tx, new OpenTransaction(), work));
}

/** Runs work, and waits for what it writes to outboxes. */
async function completed<Result>(
  tx: Queryable,
  open: OpenTransaction,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  open.begin(tx);
  try {
    const result = await work(tx);
    await open.complete();
    return result;
  } finally {
    open.end();
  }
}

/** SQLSTATE of a server that takes no changes. */
const READ_ONLY = "25006";

async function inPool<Result>(pool: Pool, work: (transaction: Queryable) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two statements says so by an event alone, which would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on("error", onError);
  try {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    const open = new OpenTransaction();
    const tx = lentClient(client, () => open.assertOpen("a statement was not run"));
    const result = await completed(tx, open, work);
    assertCommitted(await client.query("COMMIT"));
    return result;
  } catch (error) {
    // Whoever is connected to a standby stays so: the pool is to connect anew, to the server that is the primary by then.
    if (codesIn(error).includes(READ_ONLY)) broken = error as Error;
    await client.query("ROLLBACK").catch(onError);
    throw error;
  } finally {
    client.removeListener("error", onError);
    client.release(broken);
  }
}

/** PostgreSQL answers COMMIT with a rollback, and without an error, where a statement failed and its error was caught. */
function assertCommitted(answer: object): void {
  if (!("command" in answer) || answer.command === "COMMIT") return;
  const text =
    "the transaction was rolled back: a statement in it failed, and the error was caught. Let it pass, or use a savepoint";
  throw new MessagingError("TRANSACTION_FAILED", text);
}
