import type { Delivery } from "../broker/delivery.js";
import type { Kept } from "../broker/failed-attempt.js";
import type { Membership } from "../broker/membership.js";
import { packed } from "../broker/packed.js";
import type { Client } from "./connection.js";
import type { FetchPlace } from "./fetch-entries.js";
import type { StreamKeys } from "./keys.js";
import { park } from "./lua/retry.js";
import { bury } from "./lua/settlement.js";

/** What settles an entry that failed, of one consumer of a group. */
export interface FailedPlace extends FetchPlace {
  readonly keys: StreamKeys;
  /** `kept` when nobody can have taken over or settled the entry, `by hand` when an operator asks, else empty. */
  readonly keeps: "kept" | "by hand" | "";
}
type RecordOf<Method extends "recordFailure" | "bury"> = Omit<Parameters<Membership[Method]>[1], "isContested">;

/** Parks an entry, or keeps it for its consumer. */
export async function recordFailure(
  client: Client,
  { keys, group, consumer, keeps }: FailedPlace,
  { id, attempt, deaths = 0 }: Delivery,
  { failure, parkedMs }: RecordOf<"recordFailure">,
): Promise<Kept> {
  const delay = parkedMs === undefined ? "" : Math.ceil(parkedMs);
  // It did not kill this process, and so not those before: their deliveries count no longer.
  const counted = attempt - deaths - (failure === undefined ? 1 : 0);
  const args = [group, consumer, id, delay, failure ?? "", counted, keeps];
  const done = await park.run(client, [keys.stream, keys.retry, keys.errors], args);
  return done === 1 ? "kept" : done === 0 ? "lost" : "deleted";
}

/**
 * Moves an entry to the dead letters, and returns the letter's id. The copy that was delivered is sent only if the stream has it
 * no longer.
 */
export async function moveToDead(
  client: Client,
  { keys, group, consumer, keeps }: FailedPlace,
  { id, attempt, fields, oversizedBytes }: Pick<Delivery, "id" | "attempt" | "fields" | "oversizedBytes">,
  { failure, labels }: RecordOf<"bury">,
): Promise<string | null> {
  const scriptKeys = [keys.stream, keys.dead, keys.retry, keys.errors, keys.index, keys.oversized];
  const move = (copy: string): Promise<string | null> => {
    const args = [group, consumer, id, failure, attempt, keeps, copy, oversizedBytes ?? ""];
    return bury.run(client, scriptKeys, [...args, ...Object.entries(labels).flat()]);
  };
  const letter = await move("");
  return letter === "deleted" ? move(packed(fields ?? [])) : letter;
}
