import { YOUNG_MS } from "../broker/broker.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { ensureGroup } from "./lua/group.js";

/**
 * Creates a group if it is missing. Resolves to the id from which it was created, to `null` if it was there, or to the number of
 * ms after which to try again.
 *
 * @param from - where a group begins that is new
 */
export function createMissing(
  client: Client,
  { stream, floor, groups, retry, errors, handover, marks, retention, held }: StreamKeys,
  group: string,
  from: string,
): Promise<string | number | null> {
  const keys = [stream, floor, groups, retry, errors, handover, marks, retention, held];
  return ensureGroup.run(client, keys, [group, from, YOUNG_MS]);
}
