import type { Holder } from "../broker/membership.js";
import type { Client } from "./connection.js";
import { type FetchPlace, fetchEntries } from "./fetch-entries.js";

const PAGE = 500;
type PendingEntry = [id: string, consumer: string, idleMs: number, deliveries: number];

/**
 * Takes the entries that are pending for this consumer but never arrived, because Redis' reply was lost. Their handlers have
 * not begun, so each keeps its count of deliveries.
 *
 * @param replyBytes - after how much text a reply ends
 */
export async function takeStrays(client: Client, place: FetchPlace, holder: Holder, replyBytes: number): Promise<void> {
  const { keys, group, consumer } = place;
  for (let from = "-"; ; ) {
    const page = (await client.xpending(keys.stream, group, from, "+", PAGE, consumer)) as PendingEntry[];
    // Entries of replies that arrived before this one are taken by the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    let strays = page.filter(([id]) => !holder.holds(id)).map(([id]) => ({ id, attempt: 0, keeps: "" as const }));
    while (strays.length > 0) {
      const { deliveries, looked } = await fetchEntries(client, place, strays, replyBytes);
      holder.take(deliveries.map((delivery) => ({ ...delivery, deaths: 0 })));
      strays = strays.slice(looked);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    from = `(${last[0]}`;
  }
}
