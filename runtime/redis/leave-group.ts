import { randomUUID } from "node:crypto";
import type { Leaving } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { FailedPlace } from "./failed-entry.js";
import { leave } from "./lua/group.js";

/** Ends a membership. Where that fails, the member that takes over gets the entries a lease later. */
export async function leaveGroup(
  client: Client,
  { keys, group, consumer, keeps }: FailedPlace,
  { unbegun, begun, failed, failure }: Leaving,
): Promise<void> {
  const place = [group, consumer, randomUUID(), keeps, failure];
  const attempted = failed.flatMap(({ id, attempt }) => [id, attempt - 1]);
  const args = [...place, unbegun.length, begun.length, ...unbegun, ...begun, ...attempted];
  await leave.run(client, [keys.stream, keys.retry, keys.alive, keys.types, keys.errors], args).catch(() => {});
}
