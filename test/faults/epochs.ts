import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { leaseKey } from "../../runtime/redis/keys.js";

/** What was seen of the epochs of some partitions. */
export interface SeenEpochs {
  /** How often one was smaller than before: a failover may undo the last change of a lease. */
  readonly smaller: number;
  /** How often a partition was acquired with a smaller epoch than one that it had before. */
  readonly reused: number;
  /** How often one was held by another owner than the one who had it before. */
  readonly shared: number;
}

/** Looks at the epochs of partitions again and again. Returns what ends that, and resolves to what was seen. */
export function watchEpochs(client: Redis, streams: readonly string[], group: string): () => Promise<SeenEpochs> {
  const last = new Map<string, number>();
  const greatest = new Map<string, number>();
  const owners = new Map<string, string>();
  let [going, smaller, reused, shared] = [true, 0, 0, 0];
  const look = async (stream: string): Promise<void> => {
    const [owner, text] = await client.hmget(leaseKey(stream, group), "owner", "epoch");
    const epoch = Number(text ?? 0);
    if (epoch < (last.get(stream) ?? 0)) smaller++;
    last.set(stream, epoch);
    if (!owner) return;
    const held = `${stream} ${epoch}`;
    const known = owners.get(held);
    if (known === undefined && epoch < (greatest.get(stream) ?? 0)) reused++;
    if (known !== undefined && known !== owner) shared++;
    owners.set(held, owner);
    greatest.set(stream, Math.max(epoch, greatest.get(stream) ?? 0));
  };
  const watching = (async () => {
    while (going) {
      // A master may be away.
      for (const stream of streams) await look(stream).catch(() => {});
      await sleep(20);
    }
  })();
  return async () => {
    going = false;
    await watching;
    return { smaller, reused, shared };
  };
}
