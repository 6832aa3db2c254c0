import type { GroupPause } from "../broker/group-pause.js";
import type { Released } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { FailedPlace } from "./failed-entry.js";
import { pausesIn } from "./group-pauses.js";
import { deliveryOf, release } from "./lua/retry.js";
import { callsIn } from "./retry-calls.js";

/** How many parked entries are taken at most, and after how much text of theirs to stop; and which calls for retries are known. */
export interface ParkedLimits {
  readonly count: number;
  readonly replyBytes: number;
  /** The moment of the last. */
  readonly heard: number;
}

/** Parked entries that were due, and the version of the handled types. */
export interface Parked extends Omit<Released, "isOutdated"> {
  readonly version: string | null;
}

/** When the group is gone. */
export const NONE_PARKED: Omit<Parked, "version"> = {
  deliveries: [],
  nextMs: -1,
  areHandedOver: false,
  pauses: undefined,
  calls: [],
};

/** Takes parked entries whose retry is due, and learns what is paused. */
export async function takeParked(
  client: Client,
  { keys, group, consumer, maxEntryBytes }: Omit<FailedPlace, "keeps">,
  { count, replyBytes, heard }: ParkedLimits,
): Promise<Parked> {
  const { stream, retry, errors, types, handover, held, paused } = keys;
  const scriptKeys = [stream, retry, errors, types, handover, held, paused];
  const reply = await release.run(client, scriptKeys, [group, consumer, count, replyBytes, maxEntryBytes, heard]);
  const [released, nextMs, handedOver, version, records, calls] = reply;
  const pauses = pausesIn(records);
  const areHandedOver = handedOver > 0;
  return { deliveries: released.map(deliveryOf), nextMs, areHandedOver, version, pauses, calls: callsIn(calls) };
}

/** Learns what is paused, and records that it is heeded. Mostly it is nothing, and the key is not there. */
export async function learnPauses(
  client: Client,
  place: Omit<FailedPlace, "keeps">,
): Promise<readonly GroupPause[] | undefined> {
  if ((await client.exists(place.keys.paused)) === 0) return [];
  return (await takeParked(client, place, { count: 0, replyBytes: 0, heard: 0 })).pauses;
}
