import { MessagingError } from "../../errors.js";
import type { Client } from "../../redis/connection.js";
import { reworded } from "../reworded.js";
import type { AtStream } from "../routes.js";
import type { GroupPlace } from "./group-place.js";

type Place = Omit<GroupPlace, "exists">;

/**
 * Changes a group in each of its partitions, in their order. Nothing is changed while a partition cannot be asked. A change that
 * is cut off all the same says how far it came.
 *
 * @param change - may be repeated
 */
export async function inEach<Result>(
  at: AtStream,
  places: readonly Place[],
  change: (client: Client, place: Place) => Promise<Result>,
): Promise<readonly Result[]> {
  // One partition is asked by the change itself.
  if (places.length > 1)
    for (const { stream, keys } of places) await at(stream, (client) => client.exists(keys.paused));
  const results: Result[] = [];
  for (const place of places) {
    const changing = at(place.stream, (client) => change(client, place));
    results.push(await changing.catch((error) => Promise.reject(cutOff(error, places, results.length))));
  }
  return results;
}

function cutOff(error: Error, places: readonly Place[], done: number): Error {
  if (done === 0 || !(error instanceof MessagingError)) return error;
  const text = `this was done in ${done} of ${places.length} partitions, not in ${places[done]?.stream} and those after it; repeat it: ${error.message}`;
  return reworded(error, text);
}
