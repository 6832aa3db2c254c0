import { afterAll, beforeAll, expect, it } from "vitest";
import { publishUserCreated } from "../../generated/index.js";
import { SWIFT } from "../faults/member.js";
import { eventually } from "../faults/patience.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { createService } from "../support/service.js";
import { SharedStage } from "./stage.js";

const EVENT = { entity_id: 1, after_data: { email: "user@example.com" } };

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ replicas: 1, network: true });
});
afterAll(() => cluster.stop());

it("a master that is cut off from the others is left for the one that replaces it, though clients reach both", async () => {
  await using stage = await SharedStage.on(cluster);
  await using publisher = await stage.startPublisher();
  await publisher.stores(100);
  const former = await cluster.masterOf("events");

  cluster.network?.isolate(cluster.nodes.indexOf(former));
  await cluster.replaced(former, "events");
  const before = publisher.sent;
  await publisher.stores(200);
  await publisher.stop();

  // What the old master took before it noticed is undone. Nothing that was published later is.
  const kept = new Set(await stage.stream());
  const later = publisher.stored.filter((serial) => serial > before);
  expect(later.length).toBeGreaterThan(0);
  expect(later.filter((serial) => !kept.has(serial))).toEqual([]);
});

it("an old master that is the only one asked is not believed, until it has found the others again", async () => {
  await cluster.mend();
  const former = await cluster.masterOf("events");
  const place = cluster.network?.places[cluster.nodes.indexOf(former)];
  cluster.network?.isolate(cluster.nodes.indexOf(former));
  await cluster.replaced(former, "events");
  const redis = {
    ...SWIFT.redis,
    connectionTimeoutSeconds: 0.5,
    cluster: { nodes: [`127.0.0.1:${place?.data.port}`] },
  };
  await using publisher = createService({}, { redis });

  const failure = publishUserCreated(publisher, EVENT).catch((error: unknown) => error);
  expect(await failure).toMatchObject({ code: "REDIS_UNAVAILABLE", retryable: true });
  expect(String(await failure)).toContain(`${place?.data.port}`);

  await cluster.mend();
  await eventually(() => publishUserCreated(publisher, EVENT));
});
