import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { onUserCreated } from "../../../generated/index.js";
import { HANDOVER, PARKED, streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

describe("parked entries whose due time was lost", () => {
  it("are all found when a consumer begins, more than one page of them", async () => {
    await fillEvents(admin, 1100);
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, PARKED, "COUNT", 1100, "STREAMS", "events", ">");
    await using messaging = createService(redis);
    const attempts = new Set<number>();
    onUserCreated(messaging, (_event, { attempt }) => void attempts.add(attempt));
    await messaging.start();

    await eventually(() => messaging.counts.handled === 1100);
    await eventually(
      () => pendingEvents(admin, group),
      (count) => count === 0,
    );
    expect([...attempts]).toEqual([2]);
    expect(await admin.exists(keys.retry)).toBe(0);
  });

  it("are all found also when they waited for a member that handles them", async () => {
    await fillEvents(admin, 1100);
    await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", group, HANDOVER, "COUNT", 1100, "STREAMS", "events", ">");
    await using messaging = createService(redis);
    onUserCreated(messaging, () => {});
    await messaging.start();

    await eventually(() => messaging.counts.handled === 1100);
    await eventually(
      () => pendingEvents(admin, group),
      (count) => count === 0,
    );
  });

  it("are found while a consumer runs, too, again and again", async () => {
    const now = performance.now.bind(performance);
    let laterMs = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + laterMs);
    onTestFinished(() => clock.mockRestore());
    await fillEvents(admin, 1);
    await using messaging = createService(redis, { retryDelaySeconds: 3600 });
    const attempts: number[] = [];
    onUserCreated(messaging, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("not yet");
    });
    await messaging.start();

    for (const attempt of [1, 2]) {
      await eventually(() => attempts.length === attempt);
      await eventually(() => admin.exists(keys.retry));
      await admin.del(keys.retry);
      laterMs += 31_000;
    }
    await eventually(() => attempts.length === 3);
    expect(attempts).toEqual([1, 2, 3]);
  });
});
