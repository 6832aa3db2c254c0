import type { Connection } from "./connection.js";

/** The least that Redis can be limited to. A shorter value needs no question, whatever its characters take in bytes. */
const LEAST_BYTES = 1024 * 1024;
const BY_DEFAULT = 512 * 1024 * 1024;

interface Known {
  readonly session: number;
  limit: number | Promise<number>;
}
const limits = new WeakMap<Connection, Known>();

/** Whether a value of so many characters may be longer than Redis takes. */
export function mayBeTooLong(length: number): boolean {
  return length > LEAST_BYTES / 3;
}

/** The bytes of the longest value that Redis takes. It ends the connection of whoever sends a longer one. */
export function longestValue(connection: Connection): number | Promise<number> {
  const { session, client } = connection;
  const known = limits.get(connection);
  if (known?.session === session) return known.limit;
  // A user who may not ask, as with hosted servers, is taken to have the default.
  const reply = client.config("GET", "proto-max-bulk-len").catch(() => []) as Promise<string[]>;
  const found: Known = { session, limit: reply.then((texts) => Number(texts[1]) || BY_DEFAULT) };
  void Promise.resolve(found.limit).then((limit) => {
    found.limit = limit;
  });
  limits.set(connection, found);
  return found.limit;
}

/** Why Redis would not take a value. `undefined` when it takes them all. */
export function refusalOf(values: readonly string[], longest: number): string | undefined {
  const bytes = values.map((value) => Buffer.byteLength(value)).find((length) => length > longest);
  if (bytes === undefined) return undefined;
  return `it has a value of ${bytes} bytes, and Redis takes ${longest} (proto-max-bulk-len): send a reference to it instead, or raise that limit`;
}
