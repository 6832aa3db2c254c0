import { comesBefore, LAST_ID } from "../broker/entry-id.js";
import type { LogEntry } from "../broker/log.js";
import { prefixed } from "../config/config.js";
import { greatestId } from "../redis/greatest-id.js";
import { streamKeys } from "../redis/keys.js";
import { type Page, readPage } from "../redis/page.js";
import { type OperationsOptions, Operator } from "./operator.js";
import { deadLettersOf } from "./redis-dead-letters.js";
import { type Group, groupsOf, type Waiting, waitingFor } from "./waiting.js";

/** An entry that will yet be read. */
export interface StoredEntry extends LogEntry {
  /** The stream that it was published to, without the environment's prefix. */
  readonly stream: string;
  /** The key in which it is: that stream's, that of what was redriven to a group, or that of the dead letters. */
  readonly key: string;
  readonly waiting: readonly Waiting[];
}

type Found = Omit<StoredEntry, "stream">;

const PAGE = 200;
/** So many pending entries are fetched at once. Any of them may be so large that Redis takes a while. */
const FETCHED = 4;

/**
 * Reads the entries of streams that readers have still before them, and the open dead letters. Nothing is changed. Of an
 * entry that is larger than `maxMessageBytes` only the short fields are read.
 *
 * @param streams their names without the environment's prefix
 * @throws {ConfigError} naming every bad setting
 * @throws {ConnectionError} Redis cannot be reached, or a key is no stream
 */
export async function* storedEntries(
  streams: readonly string[],
  options: OperationsOptions = {},
): AsyncGenerator<StoredEntry, void, undefined> {
  const operator = new Operator(options, { name: "diff", connectionName: "diff" });
  try {
    for (const name of streams) {
      const key = prefixed(operator.config, name);
      const groups = await groupsOf(operator, key);
      const redriven = groups.map(({ name: group }) => streamKeys(key, group).redrive);
      for await (const entry of entriesOf(operator, key, groups)) yield { ...entry, stream: name };
      for (const redrive of redriven) {
        const readers = await groupsOf(operator, redrive);
        for await (const entry of entriesOf(operator, redrive, readers)) yield { ...entry, stream: name };
      }
      for await (const letter of lettersOf(operator, name)) yield { ...letter, stream: name };
    }
  } finally {
    operator.routes.close();
  }
}

/** Those that were given to a group, then those that are behind the position of one. */
async function* entriesOf(operator: Operator, key: string, groups: readonly Group[]): AsyncGenerator<Found> {
  const pending = await waitingFor(operator, key, groups);
  const position = groups.map(({ position }) => position).reduce((a, b) => (comesBefore(b, a) ? b : a), LAST_ID);
  const delivered = [...pending.keys()].filter((id) => groups.length === 0 || !comesBefore(position, id));
  for (let at = 0; at < delivered.length; at += FETCHED) {
    const ids = delivered.slice(at, at + FETCHED);
    const pages = await Promise.all(ids.map((id) => pageOf(operator, key, id, id)));
    for (const entry of pages.flatMap(({ entries }) => entries)) {
      yield { ...entry, key, waiting: pending.get(entry.id) ?? [] };
    }
  }
  const last = await operator.routes.at(key).ask(`reading ${key}`, (client) => greatestId(client, key));
  for (let from = groups.length === 0 ? "-" : `(${position}`, isOver = false; !isOver; ) {
    const { entries, isMore } = await pageOf(operator, key, from, last);
    for (const entry of entries) {
      const unread = groups.filter(({ position }) => comesBefore(position, entry.id));
      const waiting: readonly Waiting[] = [
        ...(pending.get(entry.id) ?? []),
        ...unread.map(({ name }) => ({ state: "unread", group: name }) as const),
        ...(groups.length === 0 ? [{ state: "kept" } as const] : []),
      ];
      if (waiting.length > 0) yield { ...entry, key, waiting };
    }
    from = `(${entries.at(-1)?.id ?? last}`;
    isOver = !isMore;
  }
}

function pageOf({ config, routes }: Operator, key: string, from: string, to: string): Promise<Page> {
  const range = { from, to, most: from === to ? 1 : PAGE, maxEntryBytes: config.maxMessageBytes };
  return routes.at(key).ask(`reading ${key}`, (client) => readPage(client, key, range));
}

async function* lettersOf({ config, routes }: Operator, stream: string): AsyncGenerator<Found> {
  const key = streamKeys(prefixed(config, stream), "").dead;
  for await (const letter of deadLettersOf(config, routes).list(stream, { state: "open" })) {
    const { id, group, keptBytes } = letter;
    const fields = letter.original.map(String);
    const oversized = keptBytes === undefined ? {} : { oversizedBytes: keptBytes };
    yield { id, fields, ...oversized, key, waiting: [{ state: "dead", group }] };
  }
}
