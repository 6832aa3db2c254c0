import type { LogEntry } from "../broker/log.js";
import { prefixed } from "../config/config.js";
import { ConfigError } from "../errors.js";
import { greatestId } from "../redis/greatest-id.js";
import { readPage } from "../redis/page.js";
import { type OperationsOptions, Operator } from "./operator.js";

const PAGE = 200;

/**
 * Reads the entries that a stream holds when it is called, oldest first, a page at a time. Nothing is changed: no group
 * is created, and no entry is acknowledged. Of one that is larger than `maxMessageBytes` only the short fields are read.
 *
 * @param stream its name without the environment's prefix
 * @throws {ConfigError} naming every bad setting; there is no such stream
 * @throws {ConnectionError} Redis cannot be reached, or the key is no stream
 */
export async function* streamEntries(
  stream: string,
  options: OperationsOptions = {},
): AsyncGenerator<LogEntry, void, undefined> {
  const { config, routes } = new Operator(options, { name: "validate", connectionName: "validate" });
  const key = prefixed(config, stream);
  const what = `reading ${key}`;
  const route = routes.at(key);
  try {
    const last = await route.ask(what, (client) => greatestId(client, key));
    if (last === "0-0") {
      if ((await route.ask(what, (client) => client.exists(key))) === 1) return;
      throw new ConfigError([
        `there is no stream ${key} at ${routes.address}: check its name, ENVIRONMENT and REDIS_DB`,
      ]);
    }
    const range = { to: last, most: PAGE, maxEntryBytes: config.maxMessageBytes };
    for (let from = "-", isOver = false; !isOver; ) {
      const start = from;
      const { entries, isMore } = await route.ask(what, (client) => readPage(client, key, { ...range, from: start }));
      yield* entries;
      from = `(${entries.at(-1)?.id ?? last}`;
      isOver = !isMore;
    }
  } finally {
    routes.close();
  }
}
