import type { Holder, MemberPlace } from "../broker/membership.js";
import type { Client } from "./connection.js";

const PAGE = 500;
type PendingEntry = [id: string, consumer: string, idleMs: number, deliveries: number];

/** Takes the entries that are pending for this consumer but never arrived, because Redis' reply was lost. */
export async function takeStrays(
  client: Client,
  place: Pick<MemberPlace, "stream" | "group" | "consumer">,
  holder: Holder,
): Promise<void> {
  const { stream, group, consumer } = place;
  for (let from = "-"; ; ) {
    const page = (await client.xpending(stream, group, from, "+", PAGE, consumer)) as PendingEntry[];
    // Entries of replies that arrived before this one are taken by the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    const strays = page.filter(([id]) => !holder.holds(id));
    for (const attempt of new Set(strays.map(([, , , deliveries]) => deliveries))) {
      const ids = strays.filter(([, , , deliveries]) => deliveries === attempt).map(([id]) => id);
      // Their handlers have not begun, so each keeps its count of deliveries.
      const claimed = await client.xclaim(stream, group, consumer, 0, ...ids, "RETRYCOUNT", attempt);
      holder.take((claimed as [string, string[]][]).map(([id, fields]) => ({ id, fields, attempt })));
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    from = `(${last[0]}`;
  }
}
