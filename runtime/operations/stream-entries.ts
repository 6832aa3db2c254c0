import { prefixed } from "../config/config.js";
import type { FlatFields } from "../contract/codec.js";
import { ConfigError } from "../errors.js";
import { pageLength } from "../redis/page.js";
import { type OperationsOptions, Operator } from "./operator.js";

/** An entry of a stream, undecoded. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: FlatFields;
}

const PAGE = 200;

/**
 * Reads the entries that a stream holds when it is called, oldest first, a page at a time. Nothing is changed: no group
 * is created, and no entry is acknowledged.
 *
 * @param stream its name without the environment's prefix
 * @throws {ConfigError} naming every bad setting; there is no such stream
 * @throws {ConnectionError} Redis cannot be reached, or the key is no stream
 */
export async function* streamEntries(
  stream: string,
  options: OperationsOptions = {},
): AsyncGenerator<StreamEntry, void, undefined> {
  const { config, connection } = new Operator(options, { name: "validate", connectionName: "validate" });
  const key = prefixed(config, stream);
  const what = `reading ${key}`;
  try {
    const [newest] = await connection.ask(what, (client) => client.xrevrange(key, "+", "-", "COUNT", 1));
    if (newest === undefined) {
      if ((await connection.ask(what, (client) => client.exists(key))) === 1) return;
      throw new ConfigError([
        `there is no stream ${key} at ${connection.address}: check its name, ENVIRONMENT and REDIS_DB`,
      ]);
    }
    const [last] = newest;
    for (let from = "-"; ; ) {
      const start = from;
      const page = await connection.ask(what, async (client) => {
        const count = await pageLength(client, key, start, PAGE);
        return client.xrange(key, start, last, "COUNT", count);
      });
      for (const [id, fields] of page) yield { id, fields };
      const end = page.at(-1);
      if (end === undefined) return;
      from = `(${end[0]}`;
    }
  } finally {
    connection.close();
  }
}
