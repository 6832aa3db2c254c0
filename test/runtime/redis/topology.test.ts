import { expect, it } from "vitest";
import { readConfig } from "../../../runtime/config/config.js";
import type { RedisOptions } from "../../../runtime/index.js";
import { SlotRoute } from "../../../runtime/redis/slot-route.js";
import { Topology } from "../../../runtime/redis/topology.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { type FakeNode, startFakeNode } from "../../support/fake-node.js";

const place = ({ host, port }: FakeNode): { host: string; port: number } => ({ host, port });

function topologyFrom(nodes: readonly FakeNode[], cluster: RedisOptions["cluster"] = {}): Topology {
  const redis = { cluster: { nodes: nodes.map(place), ...cluster }, connectionTimeoutSeconds: 2 };
  const config = readConfig({ service: "test", redis }, "json", {}).redis;
  if (config.cluster === undefined) throw new Error("no cluster");
  return new Topology(config, config.cluster, systemClock);
}

/** Three nodes, the first two of which are masters of half the slots each. */
async function threeNodes(): Promise<readonly [FakeNode, FakeNode, FakeNode]> {
  const nodes = [await startFakeNode(), await startFakeNode(), await startFakeNode()] as const;
  const [one, two, three] = nodes;
  for (const node of nodes) {
    node.slots = [
      [0, 8191, place(one), place(three)],
      [8192, 16_383, place(two)],
    ];
  }
  return nodes;
}

it("knows the master of each slot, and the masters by the lowest of their slots", async () => {
  const [one, two, three] = await threeNodes();
  await using _one = one;
  await using _two = two;
  await using _three = three;
  const topology = topologyFrom([three]);
  expect(topology.isKnown).toBe(false);
  expect(topology.leaderOf(9102)).toBeUndefined();
  await topology.refresh();
  expect(topology.ownerOf(9102)).toEqual(place(two));
  expect([topology.leaderOf(0), topology.leaderOf(8191), topology.leaderOf(16_383)]).toEqual([0, 0, 8192]);
  expect([...topology.leaders]).toEqual([
    [0, place(one)],
    [8192, place(two)],
  ]);
  expect(topology.nodes.map(({ port }) => port).sort()).toEqual([one.port, two.port, three.port].sort());
});

it("tells of a change, and goes on with the nodes that it has learnt when the first are gone", async () => {
  const [one, two, three] = await threeNodes();
  await using _two = two;
  await using _three = three;
  const topology = topologyFrom([one]);
  let changes = 0;
  topology.onChange(() => changes++);
  await topology.refresh();
  await topology.refresh();
  expect(changes).toBe(1);
  await one[Symbol.asyncDispose]();
  for (const node of [two, three]) {
    node.slots = [
      [0, 8191, place(three)],
      [8192, 16_383, place(two)],
    ];
    node.epoch = 2;
  }
  await topology.refresh();
  expect(topology.ownerOf(0)).toEqual(place(three));
  // Its connections are kept by this number.
  expect(topology.leaderOf(0)).toBe(0);
  expect(changes).toBe(2);
});

it("no topology answer of a lower epoch, or of a node that finds the cluster down, is believed", async () => {
  const [one, two, three] = await threeNodes();
  await using _one = one;
  await using _two = two;
  await using _three = three;
  const topology = topologyFrom([one, two, three]);
  for (const node of [one, two, three]) node.epoch = 7;
  await topology.refresh();

  // An old master that was cut off: it has not noticed that it was replaced.
  one.slots = [[0, 16_383, place(one)]];
  one.epoch = 6;
  two.refuses = "ERR away";
  three.refuses = "ERR away";
  await expect(topology.refresh()).rejects.toThrow(/away; .*1 know less than was known before/s);
  expect(topology.ownerOf(9102)).toEqual(place(two));

  one.epoch = 8;
  one.state = "fail";
  await expect(topology.refresh()).rejects.toThrow(
    `127.0.0.1:${one.port}: the cluster is down (cluster_state:fail, 1 of 16384 slots are served)`,
  );
  one.state = "ok";
  await topology.refresh();
  expect(topology.ownerOf(9102)).toEqual(place(one));
});

it("believes an older epoch when most nodes are of it: the cluster was set up anew", async () => {
  const [one, two, three] = await threeNodes();
  await using _one = one;
  await using _two = two;
  await using _three = three;
  const topology = topologyFrom([one]);
  for (const node of [one, two, three]) node.epoch = 7;
  await topology.refresh();
  for (const node of [one, two, three]) {
    node.epoch = 1;
    node.slots = [[0, 16_383, place(three)]];
  }
  await topology.refresh();
  expect(topology.ownerOf(0)).toEqual(place(three));
});

it("asks the node that a redirection names first, once for all who want to know at the same time", async () => {
  const [one, two, three] = await threeNodes();
  await using _one = one;
  await using _two = two;
  await using _three = three;
  const topology = topologyFrom([one, two]);
  topology.note(`MOVED 9102 127.0.0.1:${three.port}`);
  await Promise.all([topology.refresh(), topology.refresh()]);
  expect([one.asked, two.asked, three.asked]).toEqual([0, 0, 1]);
});

it("reaches announced addresses by the map, and takes a missing host for that of the node that was asked", async () => {
  await using node = await startFakeNode();
  node.slots = [
    [0, 99, { host: "10.9.9.9", port: 6379 }],
    [100, 199, { host: null, port: node.port }],
    [200, 299, { host: "", port: 7 }],
  ];
  const topology = topologyFrom([node], { natMap: { "10.9.9.9:6379": `127.0.0.2:${node.port}` } });
  await topology.refresh();
  expect([0, 100, 200, 300].map((slot) => topology.ownerOf(slot))).toEqual([
    { host: "127.0.0.2", port: node.port },
    place(node),
    { host: "127.0.0.1", port: 7 },
    undefined,
  ]);
});

it("says at once what is wrong with this service, and not with a node", async () => {
  await using one = await startFakeNode();
  await using two = await startFakeNode();
  one.refuses = two.refuses = "NOPERM User app has no permissions to run the 'cluster|slots' command";
  const topology = topologyFrom([one, two]);
  const refusal = { name: "ReplyError", message: two.refuses };
  await expect(topology.until(() => undefined, 600_000)).rejects.toMatchObject(refusal);
  // One that is away might have let it in.
  await two[Symbol.asyncDispose]();
  await expect(topology.refresh()).rejects.toMatchObject({ name: "NodeNotFoundError" });
});

it("says of each node what is wrong with it", async () => {
  await using off = await startFakeNode();
  off.refuses = "ERR This instance has cluster support disabled";
  await using nameless = await startFakeNode();
  nameless.slots = [[0, 16_383, { host: "?", port: 1 }]];
  const { message } = (await topologyFrom([off, nameless])
    .refresh()
    .catch((error: unknown) => error)) as Error;
  expect(message).toContain(`127.0.0.1:${off.port}: cluster mode is off there: name it in REDIS_URL instead`);
  expect(message).toContain(
    `127.0.0.1:${nameless.port}: it tells no host of some nodes: set cluster-announce-hostname`,
  );
});

it("a slot that no master serves is away, and is asked for once", async () => {
  await using node = await startFakeNode();
  node.slots = [[0, 8191, place(node)]];
  const unused = (): never => {
    throw new Error("no master, no connection");
  };
  const parts = { topology: topologyFrom([node]), clock: systemClock, address: "a cluster", limitMs: 1000 };
  const route = new SlotRoute(9102, { ...parts, connectionOf: unused, admit: unused, unknown: unused });
  await route.away();
  expect(node.asked).toBe(1);
});
