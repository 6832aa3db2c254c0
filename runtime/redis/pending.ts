import type { MemberPlace } from "../broker/membership.js";
import type { Client } from "./connection.js";

/** Those of the entries that are pending for this consumer. */
export async function owned(
  client: Client,
  { stream, group, consumer }: Pick<MemberPlace, "stream" | "group" | "consumer">,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(ids.map((id) => client.xpending(stream, group, id, id, 1, consumer)));
  return new Set(ids.filter((_, at) => (found[at] as unknown[]).length > 0));
}
