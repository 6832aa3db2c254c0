import { createHash } from "node:crypto";
import type { Queryable } from "./database.js";

/** A client of the driver `pg`: it prepares a statement that has a name once for each connection. */
interface NamingClient {
  readonly connection: unknown;
  query(statement: {
    readonly name: string;
    readonly text: string;
    readonly values: unknown[];
  }): ReturnType<Queryable["query"]>;
}

/** PostgreSQL's codes for a name that it does not know, that it knows already, and whose tables have changed. */
const LOST = new Set<unknown>(["26000", "42P05", "0A000"]);

const names = new Map<string, string>();

/** What runs statements that PostgreSQL parses and plans once for each connection, where the driver can do so. */
export function prepared(client: Queryable): Queryable {
  if (!isNaming(client)) return client;
  return { query: (text, values = []) => client.query({ name: nameOf(text), text, values }) };
}

/** Whether a connection has another statement of that name, or none: a pooler such as PgBouncer has lent a different one. */
export function isUnprepared(error: unknown): boolean {
  return LOST.has((error as { readonly code?: unknown } | null | undefined)?.code);
}

function isNaming(client: object): client is NamingClient {
  return "connection" in client;
}

/** A name says what its statement is, so that two releases of this package may share a connection. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `merp_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  names.set(text, name);
  return name;
}
