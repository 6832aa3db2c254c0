import { randomUUID } from "node:crypto";
import type { TakenOver } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { FailedPlace } from "./failed-entry.js";
import { reap, takenOverOf } from "./lua/takeover.js";

/** The consumer whose entries are taken over, and how much of them. */
export interface TakeOver {
  readonly from: string;
  /** Its heartbeat as it was watched. */
  readonly beat: string;
  readonly most: number;
  readonly withFields: boolean;
  /** After how much text of their fields to stop. */
  readonly replyBytes: number;
}

/** Takes over entries of a consumer that is dead. Resolves to `undefined` when it lives. */
export async function takeOver(
  client: Client,
  { keys, group, consumer, maxEntryBytes }: Omit<FailedPlace, "keeps">,
  { from, beat, most, withFields, replyBytes }: TakeOver,
): Promise<readonly TakenOver[] | undefined> {
  const args = [group, consumer, from, beat, most, randomUUID(), withFields ? replyBytes : "", maxEntryBytes];
  const reaped = await reap.run(client, [keys.stream, keys.alive, keys.types, keys.errors], args);
  return reaped?.map(takenOverOf);
}
