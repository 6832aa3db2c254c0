import { placeIn } from "../broker/topology.js";
import type { Refusal, Transfer, Transferred } from "../broker/transfer.js";
import { ourError } from "./driver-error.js";
import type { Topologies } from "./topologies.js";

/**
 * Adds entries to the partitions of their keys, to each partition in their order. Where one is refused, some behind it may be
 * stored in other partitions: they are stored once, so that a repeat changes nothing.
 */
export async function transferToPartitions(
  add: (transfer: Transfer) => Promise<Transferred>,
  { topologies, address }: { readonly topologies: Topologies; readonly address: string },
  transfer: Transfer,
): Promise<Transferred> {
  const { stream, entries } = transfer;
  // What is announced belongs to a stream without partitions.
  if (entries.some(({ announced }) => announced !== undefined)) return add(transfer);
  try {
    const topology = topologies.known(stream) ?? (await topologies.learn(stream));
    if (topology.streams.length === 1) return await add(transfer);
    const places = entries.map((each) => placeIn(topology, each));
    const done = new Map<string, string[]>();
    const refusals = new Map<string, Refusal>();
    let last: Refusal | undefined;
    for (const partition of new Set(places)) {
      const own = entries.filter((_, at) => places[at] === partition);
      const { entryIds, refusal } = await add({ ...transfer, stream: partition, entries: own });
      done.set(partition, [...entryIds]);
      if (refusal === undefined) continue;
      refusals.set(partition, refusal);
      last = refusal;
      if (!refusal.isForGood) break;
    }
    const entryIds: string[] = [];
    for (const place of places) {
      const next = done.get(place)?.shift();
      if (next === undefined) return { entryIds, refusal: refusals.get(place) ?? last };
      entryIds.push(next);
    }
    return { entryIds, refusal: undefined };
  } catch (error) {
    return { entryIds: [], refusal: { error: ourError(error, address, `adding to ${stream}`), isForGood: false } };
  }
}
