import type { Take } from "../broker/delivery.js";
import { comesBefore, entryIdIn } from "../broker/entry-id.js";
import { ConnectionError } from "../errors.js";
import type { Timer } from "../time/clock.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource, SourceParts } from "./entry-source.js";
import { type EntryTap, entryTapOf } from "./entry-tap.js";
import { readOwned } from "./lua/read.js";
import { deliveryOf } from "./lua/retry.js";
import type { Route } from "./route.js";

/** A wait that takes so much longer than its block has lost its connection. */
const GRACE_MS = 2000;
/** Between two reads of a partition that has no connection of its own. */
const [SHORTEST_MS, LONGEST_MS] = [10, 250];

export interface OwnedParts extends Omit<SourceParts, "place" | "connection"> {
  readonly place: Omit<SourceParts["place"], "floor" | "wanted"> & { readonly floor: string };
  /** The partition's own connection, which may block. `undefined` where it shares one. */
  readonly connection: Connection | undefined;
  /** Either of them, with the fence of the owner. */
  readonly fence: Pick<Route, "ready">;
}

/**
 * Reads a partition for its owner. A read that was sent before another member took the partition over, and comes to Redis
 * afterwards, must take nothing: so it is a script, which compares the epoch of the lease. It cannot block. Where it finds
 * nothing, the owner waits for the next entry by a read that delivers nothing, and so steals nothing.
 */
export class OwnedSource implements EntrySource {
  readonly #parts: OwnedParts;
  readonly #tap: EntryTap | undefined;
  #clientId: number | undefined;
  #pauseMs = SHORTEST_MS;

  constructor(parts: OwnedParts) {
    this.#parts = parts;
    if (parts.connection === undefined) return;
    this.#tap = entryTapOf(parts.connection);
    parts.connection.onReady(() => {
      this.#clientId = undefined;
    });
  }

  async read(count: number, take: Take): Promise<void> {
    const { place, replyBytes, maxEntryBytes, connection, fence, pause } = this.#parts;
    const { stream, group, consumer, floor } = place;
    const client = await fence.ready(pause.signal);
    if (connection?.authentication.isDue) await this.#limited(connection.authentication.renew());
    const args = [group, consumer, count, replyBytes, maxEntryBytes];
    const [entries, last, answered] = await this.#limited(readOwned.run(client, [stream, floor], args));
    if (entries.length === 0) {
      if (!pause.signal.aborted) await this.#wait(client, last);
      return;
    }
    this.#pauseMs = SHORTEST_MS;
    const deliveries = entries.map(deliveryOf);
    const id = entryIdIn(answered);
    if (id !== undefined) for (const delivery of deliveries) delivery.isNew = comesBefore(id, delivery.id);
    take(deliveries);
  }

  async interrupt(): Promise<void> {
    const { settle, connection } = this.#parts;
    // While a slot moves they may be at different nodes, where the number is another client's.
    if (!this.#clientId || !settle.isReady || settle.connection.node !== connection?.node) return;
    // A user without this right waits for the end of the block.
    await settle.client.client("UNBLOCK", this.#clientId).catch(() => {});
  }

  async #wait(client: Client, last: string): Promise<void> {
    const { place, blockTimeMs, maxEntryBytes, pause } = this.#parts;
    if (this.#tap === undefined) {
      this.#pauseMs = Math.min(LONGEST_MS, 2 * this.#pauseMs);
      await pause.for(this.#pauseMs);
      return;
    }
    this.#clientId ??= (await this.#limited(client.client("ID").catch(() => 0))) as number;
    // The entry that ends the wait is not kept: the read brings it, as far as there is room for it.
    this.#tap.expect(() => {}, { isHeld: false, wanted: new Set(), maxEntryBytes });
    await this.#limited(client.xread("COUNT", 1, "BLOCK", blockTimeMs, "STREAMS", place.stream, last));
    this.#tap.handOver();
  }

  /** A half-open link looks idle: what takes too long is rejected, and its connection renewed. */
  #limited<Value>(asking: Promise<Value>): Promise<Value> {
    const { place, blockTimeMs, connection, clock } = this.#parts;
    // A shared connection is watched by others.
    if (connection === undefined) return asking;
    const limitMs = blockTimeMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const text = `Redis has not answered a read of ${place.stream} for ${limitMs} ms; reconnecting`;
        reject(new ConnectionError("REDIS_UNAVAILABLE", text));
        connection.renew();
      };
      // A busy event loop runs late timers before it reads its sockets: the reply may have arrived.
      let timer: Timer = clock.after(limitMs, () => {
        timer = clock.after(100, expire);
      });
      const cancel = (): void => timer.cancel();
      asking.then(resolve, reject);
      asking.then(cancel, cancel);
    });
  }
}
