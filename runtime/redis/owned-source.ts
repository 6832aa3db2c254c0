import type { Take } from "../broker/delivery.js";
import { comesBefore, entryIdIn } from "../broker/entry-id.js";
import { BlockingLink } from "./blocking-link.js";
import type { Client, Connection } from "./connection.js";
import type { EntrySource, SourceParts } from "./entry-source.js";
import { type EntryTap, entryTapOf } from "./entry-tap.js";
import { readOwned } from "./lua/read.js";
import { deliveryOf } from "./lua/retry.js";
import type { Route } from "./route.js";

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
  /** Undefined where the connection is shared, and is watched by others. */
  readonly #own: { readonly tap: EntryTap; readonly link: BlockingLink } | undefined;
  #pauseMs = SHORTEST_MS;

  constructor(parts: OwnedParts) {
    this.#parts = parts;
    const { connection, place } = parts;
    if (connection === undefined) return;
    const link = new BlockingLink({ ...parts, connection, stream: place.stream });
    this.#own = { tap: entryTapOf(connection), link };
  }

  async read(count: number, take: Take): Promise<void> {
    const { place, replyBytes, maxEntryBytes, fence, pause } = this.#parts;
    const { stream, group, consumer, floor } = place;
    const client = await fence.ready(pause.signal);
    await this.#own?.link.authenticate();
    const reading = readOwned.run(client, [stream, floor], [group, consumer, count, replyBytes, maxEntryBytes]);
    const [entries, last, answered] = await (this.#own?.link.limited(reading) ?? reading);
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
    await this.#own?.link.interrupt();
  }

  async #wait(client: Client, last: string): Promise<void> {
    const { place, blockTimeMs, maxEntryBytes, pause } = this.#parts;
    if (this.#own === undefined) {
      this.#pauseMs = Math.min(LONGEST_MS, 2 * this.#pauseMs);
      await pause.for(this.#pauseMs);
      return;
    }
    const { tap, link } = this.#own;
    await link.identify(client);
    // The entry that ends the wait is not kept: the read brings it, as far as there is room for it.
    tap.expect(() => {}, { isHeld: false, wanted: new Set(), maxEntryBytes });
    await link.limited(client.xread("COUNT", 1, "BLOCK", blockTimeMs, "STREAMS", place.stream, last));
    tap.handOver();
  }
}
