import type { Client } from "../../redis/connection.js";
import type { StreamKeys } from "../../redis/keys.js";
import { retryNow } from "../../redis/lua/pause.js";
import { callForRetries, countHeldRetries } from "../../redis/lua/retry-call.js";
import { callField } from "../../redis/retry-calls.js";
import type { GroupPlace } from "./group-place.js";
import { PAGE, paged } from "./paged.js";

/** Empty for any. */
interface Wanted {
  readonly type: string;
  readonly id: string;
}

/** Has what waits for a retry in a group of one stream be due at once, also what was redriven to it. Resolves to its number. */
export async function retryAt(
  client: Client,
  { group, keys, redriven }: Pick<GroupPlace, "group" | "keys" | "redriven">,
  { type, id }: Wanted,
): Promise<number> {
  const args = (from: string): (string | number)[] => [group, type, id, from, PAGE];
  const retry = async ({ stream, retry: parked, errors, held, paused }: StreamKeys): Promise<[number, number]> => {
    // A group that its members have not created has nothing parked.
    if ((await client.exists(stream)) === 0) return [0, 0];
    const isParked = (await client.zcard(parked)) > 0;
    const due = isParked ? await paged((from) => retryNow.run(client, [stream, parked, held, paused], args(from))) : 0;
    return [due, await paged((from) => countHeldRetries.run(client, [stream, errors, paused], args(from)))];
  };
  const [due, kept] = await retry(keys);
  const [dueAgain, keptAgain] = await retry(redriven);
  // After all are counted, since members of both hear the same call: who heard it before would begin some of them.
  if (kept + keptAgain > 0) await callForRetries.run(client, [keys.paused], [callField(type, id)]);
  return due + dueAgain + kept + keptAgain;
}
