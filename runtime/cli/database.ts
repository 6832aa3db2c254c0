import type { Command } from "commander";
import type { Pool, PoolConfig } from "pg";
import { MessagingError } from "../errors.js";
import { CommandError } from "./exit.js";

/** What every command that looks into the service's database takes. */
export interface DatabaseArguments {
  readonly database?: string;
}

/** So many milliseconds an operator waits for a database that does not answer. */
const CONNECT_WITHIN_MS = 3000;
/** A statement that takes longer, as one over a broken link does, has failed. */
const ANSWER_WITHIN_MS = 120_000;

/** Adds the option that names the database. */
export function ofDatabase(command: Command): Command {
  return command.option("--database <url>", "the service's PostgreSQL: postgres://…; also DATABASE_URL");
}

/**
 * Works with the database of a service.
 *
 * @throws {CommandError} it is not named, cannot be reached, or refuses
 */
export async function withDatabase<Result>(
  given: DatabaseArguments,
  work: (pool: Pool) => Promise<Result>,
  connections = 2,
): Promise<Result> {
  const connectionString = given.database ?? (process.env["DATABASE_URL"] || undefined);
  if (connectionString === undefined) {
    throw new CommandError("which database? Give --database postgres://…, or set DATABASE_URL");
  }
  const { Pool } = await driver();
  const limits = { connectionTimeoutMillis: CONNECT_WITHIN_MS, query_timeout: ANSWER_WITHIN_MS, keepAlive: true };
  const pool = new Pool({ connectionString, max: connections, ...limits });
  // Whoever asks next is told.
  pool.on("error", () => {});
  try {
    await pool.query("SELECT 1");
    return await work(pool);
  } catch (error) {
    if (error instanceof MessagingError || error instanceof CommandError) throw error;
    throw new CommandError(textOf(error, placeOf(connectionString)));
  } finally {
    await pool.end();
  }
}

async function driver(): Promise<{ readonly Pool: new (config: PoolConfig) => Pool }> {
  try {
    return (await import("pg")).default;
  } catch {
    throw new CommandError("the driver of PostgreSQL is not installed: npm install pg");
  }
}

/** What went wrong, and what to do. The address may hold a password. */
function textOf(error: unknown, place: string): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "42P01") return `the tables of the outbox are missing in ${place}: run merp outbox migrate`;
  if (code === "42501")
    return `the database refuses this user: ${message}. docs/transactions.md has the rights that it needs`;
  if (/^28/.test(code)) return `${place} refuses the user: ${message}. Check DATABASE_URL`;
  if (/^[0-9A-Z]{5}$/.test(code)) return `the database refused: ${message}`;
  return `${place} cannot be reached (${code || message}): check DATABASE_URL, and that PostgreSQL runs`;
}

/** Where a database is, without who asks it. */
function placeOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `PostgreSQL at ${hostname || "localhost"}:${port || 5432}${pathname}`;
  } catch {
    return "PostgreSQL";
  }
}
