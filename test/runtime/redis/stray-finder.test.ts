import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { onUserCreated, userCreated } from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** Adds so many events and has them delivered to a consumer in a reply that never arrives there. */
async function addAndLose(count: number, consumer: string): Promise<void> {
  const step = admin.multi();
  for (let entity_id = 1; entity_id <= count; entity_id++) {
    step.xadd("events", "*", ...contractOf(userCreated).write({ ...exampleUserCreated({ entity_id }) }, "fields"));
  }
  step.xreadgroup("GROUP", group, consumer, "COUNT", count, "STREAMS", "events", ">");
  await step.exec();
}

/** Ends the connection on which a service waits for new entries, so that its read fails. */
async function cutRead(): Promise<void> {
  await eventually(async () => {
    const list = String(await admin.client("LIST"));
    const id = /id=(\d+) .*name=test-service:read:events .*flags=b/.exec(list)?.[1];
    return id !== undefined && (await admin.call("CLIENT", "KILL", "ID", id)) === 1;
  });
}

describe("entries whose reply was lost", () => {
  it("are handled after the lease has lapsed, though no read has failed", async () => {
    await using messaging = createService(redis, { leaseSeconds: 0.5 });
    const consumers = new Set<string>();
    onUserCreated(messaging, (_event, { consumer }) => void consumers.add(consumer));
    await messaging.start();
    await fillEvents(admin, 1);
    await eventually(() => messaging.counts.handled === 1);
    await addAndLose(10, [...consumers].join());
    expect(messaging.counts.handled).toBe(1);

    redis.pause();
    await sleep(1000);
    redis.resume();

    await eventually(() => messaging.counts.handled === 11);
  });

  it("are all handled after the next failed read, more than one page of them, and none is charged an attempt", async () => {
    await using messaging = createService(redis, { retryDelaySeconds: 0.01, blockTimeMs: 2000 });
    const attempts = new Map<number, number[]>();
    const consumers = new Set<string>();
    onUserCreated(messaging, ({ entity_id }, { attempt, consumer }) => {
      consumers.add(consumer);
      attempts.set(entity_id, [...(attempts.get(entity_id) ?? []), attempt]);
      if (entity_id === 2 && attempt === 1) throw new Error("not yet");
    });
    await messaging.start();
    await fillEvents(admin, 1);
    await eventually(
      () => pendingEvents(admin, group),
      (count) => count === 0 && attempts.size === 1,
    );
    attempts.clear();
    await addAndLose(1100, [...consumers].join());
    expect(await pendingEvents(admin, group)).toBe(1100);
    expect(attempts.size).toBe(0);

    await cutRead();

    await eventually(
      () => pendingEvents(admin, group),
      (count) => count === 0,
    );
    expect(messaging.counts.handled).toBe(1101);
    expect(attempts.get(2)).toEqual([1, 2]);
    attempts.delete(2);
    expect(new Set([...attempts.values()].map(String))).toEqual(new Set(["1"]));
    expect(consumers.size).toBe(1);
  });
});
