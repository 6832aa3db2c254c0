import type { Client } from "./connection.js";
import type { SourcePlace } from "./entry-source.js";
import { HANDOVER, PARKED } from "./keys.js";
import { field } from "./reply.js";

/** The consumers of a group that have no heartbeat, and how long each has been idle. */
export async function foreigners(
  client: Client,
  { stream, group, consumer }: SourcePlace,
  beating: ReadonlyMap<string, string>,
): Promise<{ readonly name: string; readonly idleMs: number }[]> {
  const members = (await client.xinfo("CONSUMERS", stream, group)) as unknown[][];
  return members
    .map((member) => ({ name: String(field(member, "name")), idleMs: Number(field(member, "idle")) }))
    .filter(({ name }) => ![consumer, PARKED, HANDOVER].includes(name) && !beating.has(name));
}

/** The other consumers of a group that have entries pending. */
export async function holders(client: Client, { stream, group, consumer }: SourcePlace): Promise<readonly string[]> {
  const summary = (await client.xpending(stream, group)) as [
    number,
    string,
    string,
    [name: string, count: string][] | null,
  ];
  const names = (summary[3] ?? []).map(([name]) => name);
  return names.filter((name) => ![consumer, PARKED, HANDOVER].includes(name));
}

/** Those of the entries that are pending for this consumer. */
export async function owned(client: Client, place: SourcePlace, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { stream, group, consumer } = place;
  const found = await Promise.all(ids.map((id) => client.xpending(stream, group, id, id, 1, consumer)));
  return new Set(ids.filter((_, at) => (found[at] as unknown[]).length > 0));
}
