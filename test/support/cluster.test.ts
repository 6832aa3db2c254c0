import { Cluster } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type RedisCluster, startCluster } from "./cluster.js";
import { eventually } from "./eventually.js";

let cluster: RedisCluster;
let client: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
  client = new Cluster(cluster.endpoints, {
    clusterRetryStrategy: () => 50,
    redisOptions: { maxRetriesPerRequest: 20 },
  });
  client.on("error", () => {});
}, 60_000);

afterAll(async () => {
  client.disconnect();
  await cluster.stop();
});

describe("a Redis Cluster of plain processes", () => {
  it("spreads its keys over three masters, each with a replica", async () => {
    for (let key = 0; key < 60; key += 1) {
      await client.set(`key:${key}`, "value");
    }
    const sizes = await Promise.all(client.nodes("master").map((node) => node.dbsize()));
    expect(sizes).toHaveLength(3);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(cluster.masters).toHaveLength(3);
    expect(cluster.replicas).toHaveLength(3);
  });

  it("replaces a master that is killed, and is whole again", async () => {
    const [victim] = cluster.masters;
    await victim?.kill();
    await cluster.ready();
    await eventually(
      () => client.set("key:0", "after"),
      (answer) => answer === "OK",
    );
    for (let key = 0; key < 60; key += 1) {
      expect(await client.exists(`key:${key}`)).toBe(1);
    }
  }, 30_000);
});
