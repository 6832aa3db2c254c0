import { setTimeout as sleep } from "node:timers/promises";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { onNode } from "./cluster-node.js";

export interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** All that serve slots, and so must learn the new owner. */
  readonly masters: readonly RedisServer[];
  /** After each move of keys, in milliseconds: for so long a script finds half of its keys. */
  readonly pauseMs: number;
  readonly keysAtOnce: number;
}

/** Moves a slot as `redis-cli --cluster reshard` does, but with pauses, and key by key if so wanted. */
export async function moveSlot({ slot, from, to, masters, pauseMs, keysAtOnce }: SlotMove): Promise<void> {
  const [source, target] = await Promise.all(
    [from, to].map((node) => onNode(node, (client) => client.call("CLUSTER", "MYID"))),
  );
  const setSlot = (node: RedisServer, ...state: readonly unknown[]): Promise<unknown> =>
    onNode(node, (client) => client.call("CLUSTER", "SETSLOT", `${slot}`, ...state.map(String)));
  await setSlot(to, "IMPORTING", source);
  await setSlot(from, "MIGRATING", target);
  await onNode(from, async (client) => {
    for (;;) {
      const keys = (await client.call("CLUSTER", "GETKEYSINSLOT", `${slot}`, `${keysAtOnce}`)) as string[];
      if (keys.length === 0) {
        return;
      }
      await client.call("MIGRATE", to.host, `${to.port}`, "", "0", "5000", "KEYS", ...keys);
      await sleep(pauseMs);
    }
  });
  // The new owner first: a client that is sent to it must not be sent back.
  for (const node of new Set([to, from, ...masters])) {
    await setSlot(node, "NODE", target);
  }
}
