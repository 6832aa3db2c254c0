import type { LogEntry } from "../../broker/log.js";
import { prefixed } from "../../config/config.js";
import { readPage } from "../../redis/page.js";
import { type Fate, Fates } from "../messages/fate.js";
import { LettersByEntry, lettersSince } from "../messages/letters-by-entry.js";
import type { Operator } from "../operator.js";

/** So many dead letters that are younger than an entry are looked at for one of it. */
const MOST_LETTERS = 500;

/**
 * Reads one entry of a stream, and what became of it in each group. `undefined` where there is none.
 *
 * @throws {ConnectionError} Redis cannot be reached or refuses, or the key is no stream
 */
export async function readEntry(
  operator: Operator,
  stream: string,
  id: string,
): Promise<{ readonly entry: LogEntry; readonly fates: readonly Fate[] } | undefined> {
  const { config, routes } = operator;
  if (!/^\d{1,20}-\d{1,20}$/.test(id)) return undefined;
  const key = prefixed(config, stream);
  const range = { from: id, to: id, most: 1, maxEntryBytes: config.maxMessageBytes };
  const { entries } = await routes.at(key).ask(`reading ${key}`, (client) => readPage(client, key, range));
  const [entry] = entries;
  if (entry === undefined) return undefined;
  const letters = new LettersByEntry();
  const found = await lettersSince(operator, {
    ...{ stream, since: id, most: MOST_LETTERS },
    isMeant: (letter) => letter.stream === key && letter.entryId === id,
  });
  for (const letter of found.letters) letters.add(letter);
  return { entry, fates: await new Fates(operator, letters).of(stream, id) };
}
