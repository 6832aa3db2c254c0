import type { MemberPlace } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { BURIED } from "./lua/fragment.js";

/** Those of the entries that are pending for this consumer. */
export async function owned(
  client: Client,
  { stream, group, consumer }: Pick<MemberPlace, "stream" | "group" | "consumer">,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(ids.map((id) => client.xpending(stream, group, id, id, 1, consumer)));
  return new Set(ids.filter((_, at) => (found[at] as unknown[]).length > 0));
}

/** Those of the entries that an operator has moved to the dead letters while they were pending. */
export async function buried(
  client: Client,
  { errors }: Pick<StreamKeys, "errors">,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(ids.map((id) => client.hexists(errors, BURIED + id)));
  return new Set(ids.filter((_, at) => found[at] === 1));
}
