import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Operations } from "../../runtime/operations/index.js";
import { eventually } from "./patience.js";
import { Stage } from "./stage.js";

const BILLING = ["events", "billing-workers"] as const;

describe.concurrent("a group that is paused", () => {
  it("loses no message and no attempt when members are killed, closed and started, and Redis is", async () => {
    await using stage = await Stage.open({ persistent: true });
    const part = { settings: { maxRetries: 0, concurrency: 5 }, behaviours: [{ do: "wait", ms: 20 }] } as const;
    const crew = await Promise.all([1, 2].map(() => stage.spawn("billing", part)));
    await using operations = new Operations({ redis: { url: stage.redis.url }, env: {}, leaseSeconds: 2 });
    const stopPublishing = stage.publishAlways(3);
    await sleep(300);
    await operations.groups.pause(...BILLING, { why: "a test" });
    await eventually(async () => (await operations.groups.paused("events"))[0]?.heeding.length === 2);
    await sleep(300);
    await stopPublishing();
    const handled = (): number =>
      [...stage.ledger.tally("billing-workers").values()].reduce((sum, count) => sum + count, 0);
    const before = handled();

    await crew[0]?.kill();
    await stage.redis.kill();
    await stage.redis.restart();
    await stage.spawn("billing", part);
    // What the dead one held is taken over, and not begun.
    await eventually(async () => {
      const consumers = (await stage.client.xinfo("CONSUMERS", "events", "billing-workers")) as unknown[][];
      return consumers.length === 2;
    });
    await crew[1]?.kill();
    expect(handled()).toBe(before);

    await operations.groups.resume(...BILLING);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
    expect(await stage.deadLetters()).toEqual([]);
  });
});
