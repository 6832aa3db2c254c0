import { addedAt } from "../../broker/entry-id.js";
import { readStreams } from "../../broker/topology.js";
import { prefixed } from "../../config/config.js";
import { CIPHERTEXT } from "../../contract/encrypt.js";
import { readCiphertext } from "../../encryption/ciphertext.js";
import { longestLetter } from "../../letters/dead-letter-record.js";
import { redriveKeys, streamKeys } from "../../redis/keys.js";
import { marksOf } from "../../redis/letters.js";
import { readPage } from "../../redis/page.js";
import { readTopology } from "../../redis/topologies.js";
import type { Operator } from "../operator.js";
import { groupsOf } from "../waiting.js";

/** Where entries lie: what is unread, pending and parked is in the stream itself. Databases are read by who asks. */
export type UsePlace =
  | "stream"
  | "redriven"
  | "dead letters"
  | "settled dead letters"
  | "outbox"
  | "published from the outbox"
  | "inbox"
  | "saga";

/** An entry that is kept outside Redis. */
export interface KeptEntry extends Pick<KeyUse, "stream" | "place"> {
  readonly texts: readonly string[];
  /** When it was added, in ms since 1970. */
  readonly addedMs: number;
}

/** The values of one stream that one key can read. */
export interface KeyUse {
  readonly keyId: string;
  /** Whether it is the key of a person. */
  readonly isPerson: boolean;
  /** The name of the stream, or of the partition, without the environment's prefix; of a saga its own, of an inbox the command's type. */
  readonly stream: string;
  readonly place: UsePlace;
  readonly values: number;
  /** When the oldest and the newest of them were added, in ms since 1970. */
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** What was found. */
export interface KeyUsage {
  readonly uses: readonly KeyUse[];
  /** How many entries were looked at. */
  readonly entries: number;
  /** How many were too large to be read whole: what they hold is not known. */
  readonly unread: number;
}

/** What to look for, and how to tell of it. */
export interface KeyUsageOptions {
  /** The streams' names without the environment's prefix. */
  readonly streams: readonly string[];
  /** The only key that is asked for. Of people's keys, which are many, one has to be. @defaultValue all keys, people's as one */
  readonly keyId?: string;
  /** Shows what is kept outside Redis. It is read first: it moves to the streams, and not back. */
  readonly others?: (look: (entry: KeptEntry) => void) => Promise<void>;
  /** Called with the number of entries that have been read. */
  readonly progress?: (entries: number) => void;
}

const PAGE = 500;
/** Stands for the keys of all people. */
export const PEOPLE = "people";
/** A ciphertext anywhere in a text: a field may hold the JSON of a message. */
const ANYWHERE = new RegExp(`(?<![\\w.-])${CIPHERTEXT.slice(1, -1)}`, "g");

interface Count {
  values: number;
  oldestMs: number;
  newestMs: number;
}

/**
 * Finds by which keys the values are encrypted that Redis holds, a page at a time. No key is needed for that, and no catalogue:
 * a ciphertext says its key.
 *
 * @throws {ConnectionError} Redis cannot be reached or refuses, or a key is no stream
 */
export async function keyUsage(operator: Operator, options: KeyUsageOptions): Promise<KeyUsage> {
  const search = new Search(operator, options);
  await options.others?.((entry) => search.other(entry));
  for (const stream of options.streams) await search.stream(stream);
  return search.result();
}

class Search {
  readonly #operator: Operator;
  readonly #options: KeyUsageOptions;
  readonly #uses = new Map<
    string,
    { readonly use: Pick<KeyUse, "keyId" | "isPerson" | "stream" | "place">; count: Count }
  >();
  #entries = 0;
  #unread = 0;

  constructor(operator: Operator, options: KeyUsageOptions) {
    this.#operator = operator;
    this.#options = options;
  }

  result(): KeyUsage {
    const uses = [...this.#uses.values()].map(({ use, count }) => ({ ...use, ...count }));
    return { uses, entries: this.#entries, unread: this.#unread };
  }

  other({ texts, addedMs, ...where }: KeptEntry): void {
    this.#note(where, addedMs, texts);
    this.#entries++;
  }

  /** Looks into every partition, those included that are only read until they are empty. */
  async stream(stream: string): Promise<void> {
    const { config, routes } = this.#operator;
    const key = prefixed(config, stream);
    const topology = await routes
      .at(key)
      .ask(`reading the partitions of ${key}`, (client) => readTopology(client, key));
    for (const partition of readStreams(topology))
      await this.#partition(stream + partition.slice(key.length), partition);
  }

  async #partition(stream: string, key: string): Promise<void> {
    const { config } = this.#operator;
    const { dead } = streamKeys(key, "");
    await this.#read(key, async (id, texts) => this.#note({ stream, place: "stream" }, addedAt(id), texts));
    for (const { name } of await groupsOf(this.#operator, key)) {
      const { stream: redriven } = redriveKeys(streamKeys(key, name), name);
      await this.#read(redriven, async (id, texts) => this.#note({ stream, place: "redriven" }, addedAt(id), texts));
    }
    const most = longestLetter(config.maxMessageBytes);
    await this.#read(
      dead,
      (id, texts, isSettled) => {
        this.#note({ stream, place: isSettled ? "settled dead letters" : "dead letters" }, addedAt(id), texts);
      },
      { settled: `${dead}:settled`, most },
    );
  }

  async #read(
    key: string,
    look: (id: string, texts: readonly string[], isSettled: boolean) => unknown,
    letters?: { readonly settled: string; readonly most: number },
  ): Promise<void> {
    const { config, routes } = this.#operator;
    const route = routes.at(key);
    for (let from = "-"; ; ) {
      const range = { from, most: PAGE, maxEntryBytes: letters?.most ?? config.maxMessageBytes };
      const { entries, isMore } = await route.ask(`reading ${key}`, (client) => readPage(client, key, range));
      const ids = entries.map(({ id }) => id);
      const marks =
        letters === undefined || ids.length === 0
          ? []
          : await route.ask(`reading ${letters.settled}`, (client) => marksOf(client, letters.settled, ids));
      for (const [at, { id, fields, oversizedBytes }] of entries.entries()) {
        if (oversizedBytes !== undefined) this.#unread++;
        else look(id, fields, (marks[at] ?? null) !== null);
      }
      this.#entries += entries.length;
      this.#options.progress?.(this.#entries);
      const last = ids.at(-1);
      if (last === undefined || !isMore) return;
      from = `(${last}`;
    }
  }

  #note(where: Pick<KeyUse, "stream" | "place">, addedMs: number, texts: readonly string[]): void {
    const { keyId: wanted } = this.#options;
    for (const text of texts) {
      for (const [found] of text.matchAll(ANYWHERE)) {
        const { by, keyId: own } = readCiphertext(found);
        const isPerson = by === "person";
        if (wanted !== undefined && own !== wanted) continue;
        const keyId = isPerson && wanted === undefined ? PEOPLE : own;
        this.#count({ ...where, keyId, isPerson }, addedMs);
      }
    }
  }

  #count(use: Pick<KeyUse, "keyId" | "isPerson" | "stream" | "place">, atMs: number): void {
    const key = JSON.stringify([use.keyId, use.isPerson, use.stream, use.place]);
    const known = this.#uses.get(key);
    if (known === undefined) {
      this.#uses.set(key, { use, count: { values: 1, oldestMs: atMs, newestMs: atMs } });
      return;
    }
    known.count.values++;
    known.count.oldestMs = Math.min(known.count.oldestMs, atMs);
    known.count.newestMs = Math.max(known.count.newestMs, atMs);
  }
}
