import { setTimeout as sleep } from "node:timers/promises";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { onNode } from "./cluster-node.js";

export interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** All that serve slots, and so must learn the new owner. */
  readonly masters: readonly RedisServer[];
  /** After each key, in milliseconds: for so long a script finds half of its keys. */
  readonly pauseMs: number;
}

/** Moves a slot as `redis-cli --cluster reshard` does, but key by key and with pauses. */
export async function moveSlot({ slot, from, to, masters, pauseMs }: SlotMove): Promise<void> {
  const [source, target] = await Promise.all(
    [from, to].map((node) => onNode(node, (client) => client.call("CLUSTER", "MYID"))),
  );
  const setSlot = (node: RedisServer, ...state: readonly unknown[]): Promise<unknown> =>
    onNode(node, (client) => client.call("CLUSTER", "SETSLOT", `${slot}`, ...state.map(String)));
  await setSlot(to, "IMPORTING", source);
  await setSlot(from, "MIGRATING", target);
  await onNode(from, async (client) => {
    for (;;) {
      const [key] = (await client.call("CLUSTER", "GETKEYSINSLOT", `${slot}`, "1")) as string[];
      if (key === undefined) {
        return;
      }
      await client.call("MIGRATE", to.host, `${to.port}`, key, "0", "5000");
      await sleep(pauseMs);
    }
  });
  // The new owner first: a client that is sent to it must not be sent back.
  for (const node of new Set([to, from, ...masters])) {
    await setSlot(node, "NODE", target);
  }
}
