import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onNode } from "./cluster-node.js";
import { type SentinelRedis, startSentinel } from "./sentinel.js";
import { opensslAvailable } from "./tls-redis.js";

describe("a Redis under sentinels", () => {
  let redis: SentinelRedis;
  beforeAll(async () => {
    redis = await startSentinel({ network: true });
  });
  afterAll(() => redis.stop());

  it("has the sentinels name another master when one is asked to fail over", async () => {
    const former = await redis.masterOf();

    const master = await redis.failOver();

    expect(master).not.toBe(former);
    await redis.mend();
    expect(await redis.masterOf()).toBe(master);
  });

  it("replaces a master that is killed by a replica that lacks what it was cut off from", async () => {
    const victim = await redis.masterOf();
    await onNode(victim, async (node) => [await node.set("key", "kept"), await node.wait(2, 5_000)]);
    await redis.cutReplicasOf(victim);
    await onNode(victim, (node) => node.set("key", "lost"));

    await victim.kill();
    const heir = await redis.replaced(victim);

    expect(await onNode(heir, (node) => node.get("key"))).toBe("kept");
    await redis.mend();
  });

  it("has a sentinel that is cut off from the others name the old master", async () => {
    const former = await redis.masterOf();
    const [stale] = redis.sentinels;
    redis.network?.isolate(redis.nodes.length);

    await redis.failOver();

    const named = await onNode(stale as never, (node) => node.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"));
    const place = redis.network?.places[redis.nodes.indexOf(former)];
    expect(named).toEqual(["127.0.0.1", `${place?.data.port}`]);
    await redis.mend();
  });
});

describe.skipIf(!opensslAvailable)("a Redis under sentinels with TLS", () => {
  it("is watched and replicated over TLS", async () => {
    await using redis = await startSentinel({ tls: true, replicas: 1, sentinelRules: "+@all" });
    expect(await redis.masterOf()).toBe(redis.nodes[0]);
    expect(redis.ca).toContain("BEGIN CERTIFICATE");
  });
});
