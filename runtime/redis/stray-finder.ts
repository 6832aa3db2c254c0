import type { Holder } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { SourcePlace } from "./entry-source.js";

const PAGE = 500;

type PendingEntry = [id: string, consumer: string, idleMs: number, deliveries: number];

/**
 * Takes the entries that Redis delivered to this consumer but that never arrived, because the reply was lost. They stay
 * in its own pending list, where no member looks that takes over from the dead. Only entries that it does not hold are
 * claimed, so that the others do not count as delivered again.
 */
export async function takeStrays(client: Client, place: SourcePlace, holder: Holder): Promise<void> {
  const { stream, group, consumer } = place;
  for (let from = "-"; ; ) {
    const page = (await client.xpending(stream, group, from, "+", PAGE, consumer)) as PendingEntry[];
    // Replies that arrived before this one are taken before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    const strays = page.filter(([id]) => !holder.holds(id));
    await claim(client, place, strays, holder);
    const last = page[page.length - 1];
    if (last === undefined || page.length < PAGE) return;
    from = `(${last[0]}`;
  }
}

/** None of them has begun, so none counts as delivered again: each keeps its count. */
async function claim(
  client: Client,
  { stream, group, consumer }: SourcePlace,
  strays: readonly PendingEntry[],
  holder: Holder,
): Promise<void> {
  for (const attempt of new Set(strays.map(([, , , deliveries]) => deliveries))) {
    const ids = strays.filter(([, , , deliveries]) => deliveries === attempt).map(([id]) => id);
    const claimed = client.xclaim(stream, group, consumer, 0, ...ids, "RETRYCOUNT", attempt);
    holder.take(((await claimed) as [string, string[]][]).map(([id, fields]) => ({ id, fields, attempt })));
  }
}
