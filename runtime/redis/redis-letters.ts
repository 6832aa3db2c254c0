import { comesBefore, entryIdIn } from "../broker/entry-id.js";
import { headOf, isOf } from "../broker/letter-head.js";
import type { HeadPage, HeadRange, Letters, Settling, StoredLetter, Whereabouts } from "../broker/letters.js";
import type { Config } from "../config/config.js";
import type { Client } from "./connection.js";
import { greatestId } from "./greatest-id.js";
import { PARKED, type StreamKeys, streamKeys } from "./keys.js";
import { readHeads } from "./letter-heads.js";
import { indexed, marksOf } from "./letters.js";
import { type PageRange, readBytes } from "./page.js";
import { RedisSettling } from "./redis-settling.js";
import { field, isReply } from "./reply.js";
import type { Route } from "./route.js";

/** Without the right to scripts letters are read whole, so many at once. */
const PAGE = 50;

/** The dead letters of a stream in Redis. */
export class RedisLetters implements Letters {
  readonly name: string;
  readonly #config: Config;
  readonly #route: Route;
  readonly #keys: StreamKeys;

  readonly #longest: number;

  /**
   * @param stream - its whole name
   * @param longest - a letter of more bytes is abridged
   */
  constructor(config: Config, route: Route, stream: string, longest: number) {
    this.#longest = longest;
    this.#config = config;
    this.#route = route;
    this.#keys = streamKeys(stream, config.group);
    this.name = this.#keys.dead;
  }

  page(after: string | undefined, count: number): Promise<readonly StoredLetter[]> {
    const from = after === undefined ? "-" : `(${after}`;
    return this.#ask(`listing ${this.name}`, (client) => this.#read(client, { from, most: count }));
  }

  heads(range: HeadRange): Promise<HeadPage> {
    return this.#ask(`listing ${this.name}`, async (client) => {
      try {
        return await readHeads(client, this.#keys, range);
      } catch (error) {
        if (!isReply(error, "NOPERM")) throw error;
      }
      return this.#wholeHeads(client, range);
    });
  }

  find(id: string): Promise<StoredLetter | undefined> {
    return this.#ask(`reading ${this.name}`, (client) => this.#find(client, id));
  }

  newestId(): Promise<string> {
    return this.#ask(`reading ${this.name}`, (client) => greatestId(client, this.name));
  }

  settling(): Settling {
    return new RedisSettling(this.#config.redis, this.#config.service, {
      keys: this.#keys,
      find: (client, id) => this.#find(client, id),
    });
  }

  async remove(letters: readonly { readonly id: string; readonly group: string }[]): Promise<number> {
    if (letters.length === 0) return 0;
    const { dead, settled, index } = this.#keys;
    const ids = letters.map(({ id }) => id);
    const members = letters.flatMap(({ id, group }) => [indexed(group, "open", id), indexed(group, "settled", id)]);
    const replies = await this.#ask(`removing from ${this.name}`, (client) =>
      client
        .multi()
        .xdel(dead, ...ids)
        .hdel(settled, ...ids)
        .zrem(index, ...members)
        .exec(),
    );
    for (const [refusal] of replies ?? []) if (refusal) throw refusal;
    return Number(replies?.[0]?.[1]);
  }

  whereabouts(group: string, entryId: string): Promise<Whereabouts> {
    const { redrive } = streamKeys(this.#keys.stream, group);
    return this.#ask(`reading ${redrive}`, async (client) => {
      const [groups, [pending]] = await Promise.all([
        client.xinfo("GROUPS", redrive) as Promise<unknown[][]>,
        client.xpending(redrive, group, entryId, entryId, 1) as Promise<[id: string, consumer: string][]>,
      ]).catch((error: unknown): [unknown[][], [string, string][]] => {
        // No member has served it yet.
        if (isReply(error, "NOGROUP") || isReply(error, "ERR no such key")) return [[], []];
        throw error;
      });
      if (pending !== undefined) return pending[1] === PARKED ? "parked" : "pending";
      const own = groups.find((info) => field(info, "name") === group);
      const position = own === undefined ? "0-0" : String(field(own, "last-delivered-id"));
      if (!comesBefore(position, entryId)) return "settled";
      // What nobody has read may have been removed.
      return (await client.xrange(redrive, entryId, entryId, "COUNT", 1)).length === 0 ? "settled" : "waiting";
    });
  }

  #ask<Reply>(what: string, question: (client: Client) => Promise<Reply>): Promise<Reply> {
    return this.#route.ask(what, question);
  }

  async #wholeHeads(client: Client, { after, until = "+", names, of }: HeadRange): Promise<HeadPage> {
    const from = after === undefined ? "-" : `(${after}`;
    const letters = await this.#read(client, { from, to: until, most: PAGE });
    const own = of === undefined ? letters : letters.filter((letter) => isOf(letter, of));
    return { heads: own.map((letter) => headOf(letter, names)), next: letters.at(-1)?.id };
  }

  async #find(client: Client, text: string): Promise<StoredLetter | undefined> {
    const id = entryIdIn(text);
    if (id === undefined) return undefined;
    const [letter] = await this.#read(client, { from: id, to: id, most: 1 });
    return letter;
  }

  async #read(client: Client, range: Pick<PageRange, "from" | "to" | "most">): Promise<readonly StoredLetter[]> {
    const { entries } = await readBytes(client, this.name, { ...range, maxEntryBytes: this.#longest });
    if (entries.length === 0) return [];
    const ids = entries.map(({ id }) => id);
    const marks = await marksOf(client, this.#keys.settled, ids);
    return entries.map((entry, at) => ({ ...entry, mark: marks[at] }));
  }
}
