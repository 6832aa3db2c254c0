import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";

import { onUserCreated, publishUserCreated } from "../../../generated/index.js";
import { Operations } from "../../../runtime/operations/index.js";
import { type RedisCluster, startCluster } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster({ masters: 3 });
});
afterAll(() => cluster.stop());

/** The node that has the stream's slot: whatever belongs to the stream must be on it, too. */
async function ownerOf(key: string): Promise<{ host: string; port: number }> {
  const [any] = cluster.masters;
  const client = new Redis({ host: any?.host as string, port: any?.port as number });
  const slot = await client.cluster("KEYSLOT", key);
  const slots = await client.cluster("SLOTS");
  client.disconnect();
  const [, , owner] = slots.find(([from, to]) => from <= slot && slot <= to) ?? [];
  if (owner === undefined) throw new Error(`no node has the slot of ${key}`);
  return { host: owner[0], port: owner[1] };
}

it("whatever belongs to a stream shares its slot of a Redis Cluster, through retries, dead letters, redrive and trims", async () => {
  const { host, port } = await ownerOf("events");
  const place = { url: `redis://${host}:${port}` };
  let failing = true;
  const handled: number[] = [];
  const trimmed: number[] = [];
  const settings = {
    maxRetries: 1,
    retryDelaySeconds: 0.02,
    streamMaxLength: 1,
    trimIntervalSeconds: 0.05,
    hooks: { trimmed: ({ removed }: { removed: number }) => void trimmed.push(removed) },
  };
  await using messaging = createService(place, settings);
  onUserCreated(messaging, ({ entity_id }) => {
    if (failing) throw new Error("not yet");
    handled.push(entity_id);
  });
  await messaging.start();
  const input = { entity_id: 7, after_data: { email: "ada@example.com" } };
  await publishUserCreated(messaging, input, { once: true });
  await eventually(() => messaging.counts.deadLettered === 1);
  failing = false;

  await using operations = new Operations({ redis: place, env: {}, service: "test-service" });
  expect(await operations.deadLetters.redriveAll("events")).toBe(1);
  await eventually(() => handled.length === 1);
  await Promise.all([1, 2, 3].map((entity_id) => publishUserCreated(messaging, { ...input, entity_id })));
  await eventually(() => handled.length === 4 && trimmed.length > 0);
  const client = new Redis(place.url);
  await client.xadd("events", "*", "event_type", "user.created", "text", "x".repeat(2_000_000));
  await eventually(() => client.exists("{events}:oversized"));
  trimmed.length = 0;
  await Promise.all([5, 6, 7].map((entity_id) => publishUserCreated(messaging, { ...input, entity_id })));
  await eventually(() => trimmed.length > 0);
  client.disconnect();
  expect(messaging.counts.trouble).toBe(0);
});
