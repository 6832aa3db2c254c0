import { Redis } from "ioredis";

/** A slot that no key of a test is in. */
const LOST = "3";

/**
 * Has a cluster refuse to read and to write, as a Redis does that has become the replica of one that is away: a slot has no
 * master, and without it no node serves any.
 */
export async function refuseAll(nodes: readonly string[]): Promise<void> {
  await onEach(nodes, async (node) => {
    await node.config("SET", "cluster-require-full-coverage", "yes");
    await node.call("CLUSTER", "DELSLOTS", LOST).catch(() => {});
  });
  await onEach(nodes, (node) => until(node, "fail"));
}

export async function serveAgain(nodes: readonly string[]): Promise<void> {
  await onEach(nodes, async (node, at) => {
    if (at === 0) await node.call("CLUSTER", "ADDSLOTS", LOST).catch(() => {});
    await node.config("SET", "cluster-require-full-coverage", "no");
  });
  await onEach(nodes, (node) => until(node, "ok"));
}

async function until(node: Redis, state: "ok" | "fail"): Promise<void> {
  while (!String(await node.call("CLUSTER", "INFO")).includes(`cluster_state:${state}`)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function onEach(nodes: readonly string[], act: (node: Redis, at: number) => Promise<unknown>): Promise<void> {
  await Promise.all(
    nodes.map(async (address, at) => {
      const node = new Redis(`redis://${address}`);
      try {
        await act(node, at);
      } finally {
        node.disconnect();
      }
    }),
  );
}
