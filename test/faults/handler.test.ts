import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

describe.concurrent("a handler", () => {
  it("that throws or rejects is given its message again, and after its retries the message is a dead letter", async () => {
    await using stage = await Stage.open();
    const [thrown, rejected, hopeless, fine] = (await stage.publish(4)) as [number, number, number, number];
    await stage.join("billing", {
      behaviours: [
        { do: "throw", on: [thrown], attempts: 2 },
        { do: "reject", on: [rejected] },
        { do: "give up", on: [hopeless] },
      ],
      settings: { maxRetries: 3, retryDelaySeconds: 0.02 },
    });

    await eventually(
      () => stage.deadLetters(),
      (dead) => dead.length === 2,
    );
    stage.ledger.buried(groupOf("billing"), rejected);
    stage.ledger.buried(groupOf("billing"), hopeless);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");

    const failures = [thrown, rejected, hopeless, fine].map((serial) =>
      stage.ledger.failed(groupOf("billing"), serial),
    );
    expect(failures).toEqual([2, 4, 1, 0]);
    expect((await stage.deadLetters()).map(({ serial }) => serial)).toEqual([hopeless, rejected]);
    expect(stage.account("billing").duplicates).toEqual([]);
  });

  it("that hangs gives its place to others when its time is up", async () => {
    await using stage = await Stage.open();
    const [stuck] = (await stage.publish(1)) as [number];
    await stage.join("billing", {
      behaviours: [{ do: "hang", on: [stuck], attempts: 1 }],
      settings: { concurrency: 1, handlerTimeoutSeconds: 0.3 },
    });
    await stage.publish(20);
    const startedAt = performance.now();

    await stage.handledAll(["billing"]);
    stage.measure("a handler hangs, time limit 0.3 s: its message handled by the next attempt", startedAt);
    await stage.settled("billing");
    expect(stage.ledger.handlings(groupOf("billing"), stuck).map(({ attempt }) => attempt)).toEqual([2]);
  });

  it("slower than every lease is not run twice", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 0.5 };
    await Promise.all(
      [1, 2, 3].map(() => stage.join("billing", { settings, behaviours: [{ do: "wait", ms: scaled(2500, 10_000) }] })),
    );
    const serials = await stage.publish(30);

    await stage.handledAll(["billing"]);
    expect(serials.map((serial) => stage.ledger.begun(groupOf("billing"), serial))).toEqual(serials.map(() => 1));
  });

  it("that keeps the event loop busy for longer than the lease keeps its messages", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 0.5 };
    const serials = await stage.publish(2);
    const busy = await stage.spawn("billing", { settings, behaviours: [{ do: "block", ms: 1500 }] });
    await eventually(() => stage.ledger.begun(groupOf("billing"), serials[0] as number) > 0);
    // One that would take over whatever a dead consumer leaves.
    await stage.join("billing", { settings });

    await stage.handledAll(["billing"]);
    const by = serials.flatMap((serial) => stage.ledger.handlings(groupOf("billing"), serial).map((done) => done.by));
    expect(by).toEqual([busy.by, busy.by]);
    expect(serials.map((serial) => stage.ledger.begun(groupOf("billing"), serial))).toEqual([1, 1]);
  });

  it("that keeps the event loop busy for longer than it may take loses its messages to another", async () => {
    await using stage = await Stage.open();
    const settings = { leaseSeconds: 0.5, handlerTimeoutSeconds: 1 };
    const [endless] = (await stage.publish(1)) as [number];
    // Longer than this test waits.
    const stuck = await stage.spawn("billing", { settings, behaviours: [{ do: "block", ms: 3_600_000 }] });
    await eventually(() => stage.ledger.begun(groupOf("billing"), endless) > 0);
    await stage.join("billing", { settings });

    await stage.handledAll(["billing"]);
    stuck.child.kill();
  });
});

describe.concurrent("handlers that are slow", () => {
  it("hold no more messages than run at once and one batch: the others wait in Redis", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { behaviours: [{ do: "wait", ms: 20 }], settings: { concurrency: 10, batchSize: 5 } });
    const publishing = stage.publish(500);
    let most = 0;
    while (stage.account("billing").handled < 300) {
      const [pending] = (await stage.client.xpending("events", groupOf("billing"))) as [number];
      most = Math.max(most, pending);
      await sleep(2);
    }
    await publishing;
    await stage.handledAll(["billing"]);
    // Those that were handled are acknowledged a moment later.
    expect(most).toBeLessThanOrEqual(10 + 5 + 10);
    expect(most).toBeGreaterThan(5);
  });
});

describe.concurrent("messages that fail", () => {
  it("do not hold up others: two thousand fail, and every good one is handled before the first retry is due", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", {
      behaviours: [{ do: "throw", every: 2, attempts: 1 }],
      // No retry is due before all are handled, on a slow machine either.
      settings: { retryDelaySeconds: scaled(120, 1200) },
    });
    const serials = await stage.publish(scaled(4000, 40_000));
    const bad = serials.filter((serial) => serial % 2 === 0);

    await eventually(() => serials.every((serial) => serial % 2 === 0 || stage.handled("billing", serial) > 0));
    expect(new Set(bad.map((serial) => stage.handled("billing", serial)))).toEqual(new Set([0]));
    await eventually(
      () => stage.client.zcard("{events}:retry:billing-workers"),
      (parked) => parked === bad.length,
    );

    // All at once are due.
    const parked = await stage.client.zrange("{events}:retry:billing-workers", "0", "-1");
    await stage.client.call("ZADD", "{events}:retry:billing-workers", ...parked.flatMap((id) => ["0", id]));
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").duplicates).toEqual([]);
    expect(await stage.deadLetters()).toEqual([]);
  });

  it("in one group are invisible to every other: their failures, retries and dead letters", async () => {
    await using stage = await Stage.open();
    await stage.join("audit");
    await stage.join("billing", {
      behaviours: [{ do: "throw" }],
      settings: { maxRetries: 2, retryDelaySeconds: 0.02 },
    });
    const serials = await stage.publish(50);

    await eventually(
      () => stage.deadLetters(),
      (dead) => dead.length === 50,
    );
    await stage.handledAll(["audit"]);
    await sleep(200);
    const attempts = (service: string): number[] =>
      serials.map((serial) => stage.ledger.begun(groupOf(service), serial));
    expect(new Set(attempts("billing"))).toEqual(new Set([3]));
    expect(new Set(attempts("audit"))).toEqual(new Set([1]));
    expect(await stage.client.xlen("events")).toBe(50);
  });

  it("hold up only their own entity where an entity's messages come in order", async () => {
    await using stage = await Stage.open();
    const ENTITIES = 5;
    const count = scaled(100, 1000);
    await stage.join("billing", {
      behaviours: [
        { do: "throw", every: 7, attempts: 1 },
        { do: "wait", ms: 1 },
      ],
      settings: { order: "entity", retryDelaySeconds: 0.05 },
    });
    const serials = await stage.publish(count, { everyMs: 0, entities: ENTITIES });

    await stage.handledAll(["billing"]);
    const order = stage.ledger.order(groupOf("billing"));
    for (let entity = 0; entity < ENTITIES; entity++) {
      const ofEntity = (serial: number): boolean => serial % ENTITIES === entity;
      expect(order.filter(ofEntity)).toEqual(serials.filter(ofEntity));
    }
    await stage.settled("billing");
  });
});
