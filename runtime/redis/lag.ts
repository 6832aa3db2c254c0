import { comesBefore } from "../broker/entry-id.js";
import type { Client } from "./connection.js";
import { type Extent, extent } from "./lua/extent.js";
import { field } from "./reply.js";

/**
 * How many entries have not been delivered to a group; `null` when that is not known. Redis counts on from numbers that
 * may be wrong, for example after it has loaded a rewritten AOF, or does not count at all. So its lag stands only if it
 * fits the positions of the group and of the stream.
 * @param info - the group as `XINFO GROUPS` tells it
 */
export function lagOf(info: readonly unknown[], [length, , first, last]: Extent): number | null {
  const delivered = String(field(info, "last-delivered-id"));
  if (first === undefined || last === undefined || !comesBefore(delivered, last)) return 0;
  if (comesBefore(delivered, first)) return length;
  const lag = field(info, "lag");
  return typeof lag === "number" && lag > 0 && lag < length ? lag : null;
}

/** A group as `XINFO GROUPS` tells it, and its lag. */
export interface GroupWithLag {
  readonly info: readonly unknown[];
  readonly lag: number | null;
}

/** A stream's groups, and the greatest id that the stream ever had. */
interface StreamGroups {
  readonly groups: readonly GroupWithLag[];
  /** `undefined` without the right to scripts. */
  readonly greatest: string | undefined;
}

export async function groupsWithLag(client: Client, stream: string): Promise<StreamGroups> {
  const [groups, known] = await Promise.all([
    client.xinfo("GROUPS", stream) as Promise<unknown[][]>,
    // Without the right to scripts no lag is known.
    extent.run(client, [stream], []).catch(() => undefined),
  ]);
  return {
    groups: groups.map((info) => ({ info, lag: known === undefined ? null : lagOf(info, known) })),
    greatest: known?.[1],
  };
}
