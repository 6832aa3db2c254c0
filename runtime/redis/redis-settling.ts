import { LAST_ID, nextId } from "../broker/entry-id.js";
import type { ReadEntry, Settlement, Settling, StoredLetter } from "../broker/letters.js";
import { slotOf } from "../broker/slot.js";
import type { RedisConfig } from "../config/redis-config.js";
import { type ErrorCode, MessagingError } from "../errors.js";
import { systemClock } from "../time/clock.js";
import { type Client, Connection } from "./connection.js";
import { greatestId } from "./greatest-id.js";
import { type StreamKeys, streamKeys } from "./keys.js";
import { indexed } from "./letters.js";
import { readBytes } from "./page.js";
import { instantIn } from "./redis-clock.js";

type Transaction = ReturnType<Client["multi"]>;

interface SettlingParts {
  readonly keys: StreamKeys;
  readonly find: (client: Client, id: string) => Promise<StoredLetter | undefined>;
}

/** Settles dead letters, one after the other, on a connection of its own, because what is watched is the connection's. */
export class RedisSettling implements Settling {
  readonly #connection: Connection;
  readonly #keys: StreamKeys;
  readonly #find: SettlingParts["find"];

  constructor(redis: RedisConfig, service: string, { keys, find }: SettlingParts) {
    this.#connection = new Connection(redis, service, "settle", systemClock, redis.cluster && slotOf(keys.stream));
    this.#keys = keys;
    this.#find = find;
  }

  async settle<State extends object>(...[what, id, judge]: SettleParameters<State>): Promise<State> {
    return this.#connection.ask(`${what} ${id} of ${this.#keys.dead}`, async (client) => {
      try {
        for (;;) {
          await client.watch(this.#keys.settled);
          const settlement = await judge(await this.#find(client, id), this.#entryOf(client));
          const state = await this.#settled(client, id, settlement);
          if (state !== undefined) return state;
        }
      } finally {
        // What was not changed is watched still.
        await client.unwatch().catch(() => {});
      }
    });
  }

  close(): void {
    this.#connection.close();
  }

  #entryOf(client: Client): ReadEntry {
    const { stream: own } = this.#keys;
    return async ({ stream, group, id, maxBytes: maxEntryBytes }) => {
      if (stream !== own && stream !== streamKeys(own, group).redrive) return "foreign";
      const { entries } = await readBytes(client, stream, { from: id, to: id, most: 1, maxEntryBytes });
      return entries[0];
    };
  }

  /** Resolves to `undefined` when others have settled a letter meanwhile. */
  async #settled<State extends object>(
    client: Client,
    id: string,
    settlement: Settlement<State>,
  ): Promise<State | undefined> {
    if (settlement.kind === "left") return settlement.state;
    if (settlement.kind === "returned") return this.#return(client, id, settlement);
    const { group, state } = settlement;
    // Not only where there is no mark: one that cannot be read leaves the letter open.
    const transaction = client.multi().hset(this.#keys.settled, id, JSON.stringify(state));
    const replies = await this.#moveInIndex(transaction, group, id).exec();
    if (replies === null) return undefined;
    const [[refusal] = []] = replies;
    if (refusal) throw refusal;
    return state;
  }

  /**
   * Writes the new entry and the mark in one transaction. Its watch keeps two operators from redriving one letter. Redis
   * goes on with a transaction when one of its commands fails, so a mark without its entry is deleted again.
   */
  async #return<State extends object>(
    client: Client,
    id: string,
    { group, original, stateOf }: Extract<Settlement<State>, { readonly kind: "returned" }>,
  ): Promise<State | undefined> {
    const { settled, index, stream } = this.#keys;
    const { redrive } = streamKeys(stream, group);
    await client.watch(redrive);
    // The mark contains the entry's id, so the id is chosen here: later than any in the stream.
    const entryId = await nextEntryId(client, redrive);
    const state = stateOf(entryId);
    const transaction = client.multi();
    transaction.xadd(redrive, entryId, ...original);
    transaction.hset(settled, id, JSON.stringify(state));
    this.#moveInIndex(transaction, group, id);
    const replies = await transaction.exec();
    if (replies === null) return undefined;
    const [[notAdded] = [], [notMarked] = []] = replies;
    if (notAdded && !notMarked) {
      const undoing = client
        .multi()
        .hdel(settled, id)
        .zrem(index, indexed(group, "settled", id));
      await undoing.zadd(index, 0, indexed(group, "open", id)).exec();
    }
    if (notAdded) throw failure("PUBLISH_FAILED", `dead letter ${id} was not returned to its group`, notAdded);
    // It is open still, so another redrive would return it once more.
    if (notMarked) throw failure("PUBLISH_UNCERTAIN", `dead letter ${id} was returned, but not marked`, notMarked);
    return state;
  }

  /** It counts as open no longer. */
  #moveInIndex(transaction: Transaction, group: string, id: string): Transaction {
    const { index } = this.#keys;
    return transaction.zrem(index, indexed(group, "open", id)).zadd(index, 0, indexed(group, "settled", id));
  }
}

type SettleParameters<State extends object> = [
  what: string,
  id: string,
  judge: (letter: StoredLetter | undefined, entry: ReadEntry) => Promise<Settlement<State>>,
];

async function nextEntryId(client: Client, stream: string): Promise<string> {
  const time = await client.time();
  const last = await greatestId(client, stream);
  const next = nextId(last, instantIn(time));
  // With this one Redis refuses the entry, and says why.
  return next ?? LAST_ID;
}

function failure(code: ErrorCode, what: string, cause: Error): MessagingError {
  return new MessagingError(code, `${what}: Redis says ${cause.message}`, { cause });
}
