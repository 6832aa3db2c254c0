import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import type { ServiceProcess } from "./service-process.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");

describe.concurrent("a service that is told to end", () => {
  it("finishes what it has begun, gives the rest back at once, and its process ends by itself", async () => {
    await using stage = await Stage.open();
    // A lease so long that nothing is taken over while this test runs: what comes to the other was given.
    const settings = { leaseSeconds: 60, concurrency: 2, drainTimeoutSeconds: 5 };
    const serials = await stage.publish(20);
    const leaving = await stage.spawn("billing", { settings, behaviours: [{ do: "wait", ms: 500 }] });
    await eventually(() => serials.some((serial) => stage.ledger.begun(GROUP, serial) > 0));

    leaving.child.kill("SIGTERM");
    await leaving.child.next((news) => "closed" in news);
    expect(await leaving.child.exited).toEqual({ code: 0, signal: null });
    const leftAt = performance.now();
    await stage.join("billing", { settings });

    await stage.handledAll(["billing"]);
    stage.measure("SIGTERM: what was given back handled by another", leftAt);
    await stage.settled("billing");
    expect(serials.map((serial) => stage.ledger.begun(GROUP, serial))).toEqual(serials.map(() => 1));
    expect((await stage.consumers("billing")).filter((name) => name !== "parked")).toHaveLength(1);
  });

  it("does not wait for a handler longer than its deadline: the message goes to another", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 60, drainTimeoutSeconds: 0.3 };
    const [stuck] = (await stage.publish(1)) as [number];
    const { messaging } = await stage.join("billing", { settings, behaviours: [{ do: "hang" }] });
    await eventually(() => stage.ledger.begun(GROUP, stuck) > 0);

    await messaging.close();
    await stage.join("billing", { settings });

    await stage.handledAll(["billing"]);
    expect(stage.ledger.handlings(GROUP, stuck)).toMatchObject([{ attempt: 2 }]);
  });

  it("gives back what it had not begun without costing it an attempt", async () => {
    await using stage = await Stage.open();
    const settings = {
      leaseSeconds: 60,
      concurrency: 1,
      drainTimeoutSeconds: 0.1,
      maxRetries: 20,
      retryDelaySeconds: 0,
    };
    const [first, second] = (await stage.publish(2)) as [number, number];
    const deliveries = async (): Promise<number[]> =>
      ((await stage.client.xpending("events", GROUP, "-", "+", 10)) as [string, string, number, number][]).map(
        ([, , , count]) => count,
      );
    for (let releases = 1; releases <= 3; releases++) {
      const { messaging } = await stage.join("billing", { settings, behaviours: [{ do: "hang" }] });
      await eventually(() => stage.ledger.begun(GROUP, first) + stage.ledger.begun(GROUP, second) === releases);
      await messaging.close();
    }
    const begun = [first, second].map((serial) => stage.ledger.begun(GROUP, serial));
    expect(await deliveries()).toEqual(begun);
  });

  it("may be told so twice, and told to end before it has begun", async () => {
    await using stage = await Stage.open();
    const { messaging } = await stage.join("billing");
    await stage.publish(5);
    await Promise.all([messaging.close(), messaging.close(), messaging.stop()]);
    await messaging.close();
    await messaging.stop();

    const other = stage.createPublisher();
    await other.close();
    await other.close();
    await stage.join("billing");
    await stage.handledAll(["billing"]);
  });

  it("ends in bounded time when Redis is away, stopped, or mute", async () => {
    await using stage = await Stage.open();
    const { messaging: atStopped } = await stage.join("billing", { settings: { drainTimeoutSeconds: 0.5 } });
    const { messaging: atAway } = await stage.join("billing", { settings: { drainTimeoutSeconds: 0.5 } });
    await stage.publish(10);
    await stage.handledAll(["billing"]);

    stage.redis.pause();
    await within(6000, atStopped.close());
    stage.redis.resume();
    await stage.redis.kill();
    await within(6000, atAway.close());
  });

  it("is replaced, release after release under load, without losing a message or handling one twice", async () => {
    await using stage = await Stage.open();
    const part = { settings: { leaseSeconds: 60 }, behaviours: [{ do: "wait", ms: 5 }] } as const;
    let present = await Promise.all([1, 2].map(() => stage.spawn("billing", part)));
    const stopPublishing = stage.publishAlways(1);
    for (let releases = 0; releases < scaled(3, 30); releases++) {
      const next = await Promise.all([1, 2].map(() => stage.spawn("billing", part)));
      await Promise.all(present.map(ended));
      present = next;
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, duplicates } = stage.account("billing");
    expect({ lost, duplicates }).toEqual({ lost: [], duplicates: [] });
  });
});

async function ended({ child }: ServiceProcess): Promise<void> {
  child.kill("SIGTERM");
  await child.exited;
}

async function within(ms: number, ending: Promise<void>): Promise<void> {
  const late = sleep(ms, "late", { ref: false });
  expect(await Promise.race([ending, late])).toBeUndefined();
}
