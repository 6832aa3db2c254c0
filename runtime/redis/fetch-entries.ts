import type { Fetched, MemberPlace, Unfetched } from "../broker/membership.js";
import type { Client } from "./connection.js";
import type { StreamKeys } from "./keys.js";
import { deliveryOf } from "./lua/retry.js";
import { fetch } from "./lua/takeover.js";

/** Where a consumer's entries are. */
export interface FetchPlace extends Pick<MemberPlace, "group" | "consumer"> {
  readonly keys: Pick<StreamKeys, "stream" | "errors">;
  /** An entry of more bytes is abridged. */
  readonly maxEntryBytes: number;
}

/** An entry, and `kept` when nobody can have taken it over or settled it. */
export type Wanted = Pick<Unfetched, "id" | "attempt"> & { readonly keeps: "kept" | "" };

/** Fetches entries that are pending for a consumer, until they are so many bytes of text. It gets one in any case. */
export async function fetchEntries(
  client: Client,
  { keys, group, consumer, maxEntryBytes }: FetchPlace,
  wanted: readonly Wanted[],
  mostBytes: number,
): Promise<Fetched> {
  const entries = wanted.flatMap(({ id, attempt, keeps }) => [id, attempt, keeps]);
  const [found, looked] = await fetch.run(
    client,
    [keys.stream, keys.errors],
    [group, consumer, Math.ceil(mostBytes), maxEntryBytes, ...entries],
  );
  return { deliveries: found.map(deliveryOf), looked };
}
