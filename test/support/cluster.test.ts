import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { appPassword } from "./acl-users.js";
import { type RedisCluster, startCluster } from "./cluster.js";
import { clusterView, onNode } from "./cluster-node.js";
import { eventually } from "./eventually.js";
import { opensslAvailable } from "./tls-redis.js";

async function roleOf(node: RedisServer): Promise<unknown> {
  const [role] = await onNode(node, (client) => client.role());
  return role;
}

describe("a Redis Cluster of plain processes", () => {
  let cluster: RedisCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ replicas: 1, network: true });
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

  it("moves a slot key by key, and serves all of its keys meanwhile and after", async () => {
    const keys = Array.from({ length: 20 }, (_, number) => `{moving}:${number}`);
    for (const key of keys) {
      await client.set(key, "value");
    }
    const from = await cluster.masterOf("{moving}");
    const moving = cluster.moveSlotOf("{moving}", 20);
    await eventually(() => onNode(from, async (node) => (await node.keys("{moving}*")).length < 15), Boolean, {
      everyMs: 1,
    });
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys.map(() => "value"));

    const to = await moving;

    expect(to).not.toBe(from);
    expect(await cluster.masterOf("{moving}")).toBe(to);
    expect(await onNode(to, async (node) => (await node.keys("{moving}*")).length)).toBe(20);
  });

  it("fails over as planned, to a replica that has everything", async () => {
    const former = await cluster.masterOf("key:0");
    const replica = await cluster.replicaOf(former);
    await client.set("key:0", "before");

    expect(await cluster.failOver("key:0")).toBe(replica);
    expect(await onNode(replica, (node) => node.get("key:0"))).toBe("before");
    await cluster.mend();
    expect(await cluster.replicaOf(replica)).toBe(former);
  });

  it("replaces a master that is killed by a replica that lacks what it was cut off from", async () => {
    const victim = await cluster.masterOf("key:0");
    await client.set("key:0", "kept");
    await onNode(victim, (node) => node.wait(1, 5_000));
    await cluster.cutReplicasOf(victim);
    await onNode(victim, (node) => node.set("key:0", "lost"));

    await victim.kill();
    const heir = await cluster.replaced(victim, "key:0");

    expect(await onNode(heir, (node) => node.get("key:0"))).toBe("kept");
    await cluster.mend();
    expect(await roleOf(victim)).toBe("slave");
  });

  it("replaces a master that is cut off from the others, while clients reach it still", async () => {
    const former = await cluster.masterOf("key:0");
    cluster.network?.isolate(cluster.nodes.indexOf(former));

    await cluster.replaced(former, "key:0");

    expect(await roleOf(former)).toBe("master");
    const stale = await onNode(former, async (node) => String(await node.call("CLUSTER", "INFO")));
    const { epoch } = await clusterView(cluster.nodes);
    expect(Number(/cluster_current_epoch:(\d+)/.exec(stale)?.[1])).toBeLessThan(epoch);
    await cluster.mend();
    expect(await roleOf(former)).toBe("slave");
  });
});

describe.skipIf(!opensslAvailable)("a Redis Cluster with TLS", () => {
  it("has a certificate for each node, tells their names and TLS ports, and knows a user of few rights", async () => {
    await using cluster = await startCluster({ tls: "hostname", rules: "~app:* &* +get +cluster|slots" });
    const [node] = cluster.seeds.split(",");
    const [host = "", port] = node?.split(":") ?? [];
    const at = { host, port: Number(port), username: "app", password: appPassword, maxRetriesPerRequest: 0 };
    const secure = new Redis({ ...at, tls: { ca: cluster.ca as string, servername: "localhost" } });
    secure.on("error", () => {});

    const slots = await secure.cluster("SLOTS");
    const addresses = slots.map(([, , owner]) => owner?.slice(0, 2).join(":"));
    expect(addresses.sort()).toEqual(cluster.seeds.replaceAll("127.0.0.1", "localhost").split(",").sort());
    await expect(secure.set("app:key", "value")).rejects.toThrow("NOPERM");
    secure.disconnect();
  }, 30_000);
});
