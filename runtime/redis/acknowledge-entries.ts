import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { acknowledge } from "./lua/settlement.js";

/** Acknowledges entries, of which some failed before. */
export async function acknowledgeEntries(
  client: Client,
  keys: StreamKeys,
  group: string,
  { ids, retried }: { readonly ids: readonly string[]; readonly retried: readonly string[] },
): Promise<void> {
  const args = [group, retried.length, ...retried, ...ids.filter((id) => !retried.includes(id))];
  // While their slot moves to another master, a script is refused that names a key which does not exist.
  await acknowledge.run(client, retried.length > 0 ? [keys.stream, keys.errors] : [keys.stream], args);
}
