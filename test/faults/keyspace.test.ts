import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");

describe.concurrent("a consumer under which the keys go away", () => {
  for (const [fault, what] of [
    ["FLUSHALL", (stage: Stage) => stage.client.flushall()],
    ["DEL of the stream", (stage: Stage) => stage.client.del("events")],
  ] as const) {
    it(`reads on by itself after ${fault}, and misses nothing that is published afterwards`, async () => {
      await using stage = await Stage.open();
      const groups: string[] = [];
      const hooks = { groupCreated: ({ from }: { from: string }) => void groups.push(from) };
      await Promise.all([1, 2].map(() => stage.join("billing", { hooks, behaviours: [{ do: "wait", ms: 1 }] })));
      await stage.publish(200);
      await stage.handledAll(["billing"]);

      for (let times = 0; times < scaled(3, 30); times++) {
        await what(stage);
        const goneAt = performance.now();
        await stage.publish(50);
        await stage.handledAll(["billing"]);
        stage.measure(`${fault}: fifty messages published afterwards handled`, goneAt);
      }

      await stage.settled("billing");
      expect(groups.length).toBeGreaterThan(1);
      expect(stage.account("billing").duplicates).toEqual([]);
    });
  }

  it("loses nothing that was pending or comes when its group is destroyed, and takes up where the group stood", async () => {
    await using stage = await Stage.open();
    const part = { behaviours: [{ do: "wait", ms: 5 }], settings: { concurrency: 10 } } as const;
    await Promise.all([1, 2].map(() => stage.join("billing", part)));
    await stage.join("audit");
    const stopPublishing = stage.publishAlways(1);

    for (let times = 0; times < scaled(3, 30); times++) {
      // It is away for a second, longer on a busy machine, and then in use for a while.
      await eventually(async () =>
        ((await stage.client.xinfo("GROUPS", "events")) as unknown[][]).flat().includes(GROUP),
      );
      await sleep(300);
      const from = Date.now();
      expect(await stage.client.xgroup("DESTROY", "events", GROUP)).toBe(1);
      // Everything since the group's position comes again, also what was in hand; nothing that came later does.
      stage.ledger.blame({ name: "XGROUP DESTROY", from, publishedBefore: Date.now() });
    }
    await stopPublishing();

    await stage.handledAll(["billing", "audit"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
    expect(stage.account("audit").duplicates).toEqual([]);
  });

  it("is killed before its group, which was destroyed, is back: the next one takes up where the group stood", async () => {
    await using stage = await Stage.open();
    const doomed = await stage.spawn("billing");
    const stopPublishing = stage.publishAlways(1);
    await eventually(() => stage.account("billing").handled > 20);

    const from = Date.now();
    // On a busy machine it may be back before that is seen, and is destroyed again.
    await eventually(async () => {
      await stage.client.xgroup("DESTROY", "events", GROUP);
      stage.ledger.blame({ name: "XGROUP DESTROY", from, publishedBefore: Date.now() });
      await sleep(200);
      return (await stage.client.hexists("{events}:floor:billing-workers", "missing")) === 1;
    });
    await doomed.kill();
    await stopPublishing();

    await stage.join("billing");
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
    expect(await stage.client.hexists("{events}:floor:billing-workers", "missing")).toBe(0);
  });

  it("that had failed messages waiting when its group is destroyed handles them all the same", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", {
      behaviours: [{ do: "throw", attempts: 1 }],
      settings: { retryDelaySeconds: 60, maxRetries: 5 },
    });
    const serials = await stage.publish(5);
    await eventually(
      () => stage.client.zcard("{events}:retry:billing-workers"),
      (parked) => parked === 5,
    );

    await stage.client.xgroup("DESTROY", "events", GROUP);
    await eventually(() => serials.every((serial) => stage.ledger.begun(GROUP, serial) >= 2));
    await eventually(
      () => stage.client.zcard("{events}:retry:billing-workers"),
      (parked) => parked === 5,
    );
    const pending = (await stage.client.xpending("events", GROUP)) as [number];
    expect(pending[0]).toBe(5);
  });

  it("does not fall into a loop of NOGROUP errors: it says so a few times and reads on", async () => {
    await using stage = await Stage.open();
    const troubles: string[] = [];
    const hooks = { trouble: ({ error }: { error: unknown }) => void troubles.push(String(error)) };
    await stage.join("billing", { hooks });
    await stage.publish(1);
    await stage.handledAll(["billing"]);

    await stage.client.flushall();
    await sleep(1500);
    await stage.publish(1);

    await stage.handledAll(["billing"]);
    expect(troubles.length).toBeLessThan(10);
  });
});

describe.concurrent("entries that others removed", () => {
  it("while they were pending do not block, do not pile up and do not stop the taking over", async () => {
    await using stage = await Stage.open();
    const doomed = await stage.spawn("billing", { behaviours: [{ do: "hang" }], settings: { concurrency: 100 } });
    const serials = await stage.publish(20);
    await eventually(() => serials.every((serial) => stage.ledger.begun(GROUP, serial) > 0));
    const entries = await stage.client.xrange("events", "-", "+");
    await doomed.kill();
    const removed = entries.slice(0, 10).map(([id]) => id);
    await stage.client.xdel("events", ...removed);

    await stage.join("billing");

    for (const serial of serials.slice(0, 10)) stage.ledger.buried(GROUP, serial);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").handled).toBe(10);
    await eventually(
      () => stage.consumers("billing"),
      (names) => names.filter((name) => name !== "parked").length === 1,
    );
  });

  it("while their retry was waiting are forgotten", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { behaviours: [{ do: "throw", attempts: 1 }], settings: { retryDelaySeconds: 1 } });
    const serials = await stage.publish(20);
    await eventually(
      () => stage.client.zcard("{events}:retry:billing-workers"),
      (parked) => parked === 20,
    );

    await stage.client.xtrim("events", "MAXLEN", 5);

    for (const serial of serials.slice(0, 15)) stage.ledger.buried(GROUP, serial);
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").handled).toBe(5);
    await eventually(
      () => stage.client.keys("*errors*"),
      (keys) => keys.length === 0,
    );
  });

  it("before they were read cost only themselves", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { behaviours: [{ do: "wait", ms: 50 }], settings: { concurrency: 1, batchSize: 1 } });
    await stage.publish(50);
    await stage.client.xtrim("events", "MAXLEN", 3);
    await eventually(async () => (await stage.client.xpending("events", GROUP))[0] === 0);

    const later = await stage.publish(3);
    await eventually(() => later.every((serial) => stage.ledger.handlings(GROUP, serial).length === 1));
    await stage.settled("billing");
  });

  it("together with the set of due times: what waited for its retry is found and handled", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { behaviours: [{ do: "throw", attempts: 1 }], settings: { retryDelaySeconds: 30 } });
    await stage.publish(3);
    await eventually(
      () => stage.client.zcard("{events}:retry:billing-workers"),
      (parked) => parked === 3,
    );
    await stage.client.del("{events}:retry:billing-workers");

    // Each consumer looks when it joins, and every half minute.
    await stage.join("billing");
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
  });
});
