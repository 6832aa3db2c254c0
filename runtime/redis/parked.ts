import type { Released } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { FailedPlace } from "./failed-entry.js";
import { deliveryOf, release } from "./lua/retry.js";

/** How many parked entries are taken at most, and after how much text of theirs to stop. */
export interface ParkedLimits {
  readonly count: number;
  readonly replyBytes: number;
}

/** Parked entries that were due, and the version of the handled types. */
export interface Parked extends Omit<Released, "isOutdated"> {
  readonly version: string | null;
}

/** When the group is gone. */
export const NONE_PARKED: Omit<Parked, "version"> = { deliveries: [], nextMs: -1, areHandedOver: false };

/** Takes parked entries whose retry is due. */
export async function takeParked(
  client: Client,
  { keys, group, consumer, maxEntryBytes }: Omit<FailedPlace, "keeps">,
  { count, replyBytes }: ParkedLimits,
): Promise<Parked> {
  const scriptKeys = [keys.stream, keys.retry, keys.errors, keys.types, keys.handover];
  const reply = await release.run(client, scriptKeys, [group, consumer, count, replyBytes, maxEntryBytes]);
  const [released, nextMs, handedOver, version] = reply;
  return { deliveries: released.map(deliveryOf), nextMs, areHandedOver: handedOver > 0, version };
}
