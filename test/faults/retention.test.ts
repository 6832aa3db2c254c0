import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

/** Removes whatever may be removed, as often as it can. */
const HARSHEST = { streamMaxLength: 1, messageTtlSeconds: 1, trimIntervalSeconds: 0.01 } as const;

describe.concurrent("trimming at its harshest", () => {
  it("removes nothing that one of three groups at different speeds has not acknowledged, one of them dead", async () => {
    await using stage = await Stage.open();
    let trimmed = 0;
    const hooks = {
      trimmed: ({ removed }: { removed: number }) => {
        trimmed += removed;
      },
    };
    // The one that will come back: it was here once.
    const { messaging: late } = await stage.join("reporting", { settings: HARSHEST });
    await late.close();
    await stage.join("billing", { settings: HARSHEST, hooks });
    await stage.join("audit", {
      hooks,
      behaviours: [
        { do: "throw", rate: 0.1 },
        { do: "wait", ms: 5 },
      ],
      settings: { ...HARSHEST, concurrency: 5, maxRetries: 100, retryDelaySeconds: 0.3 },
    });
    const count = scaled(1000, 20_000);
    await stage.publish(count);
    await stage.handledAll(["billing", "audit"]);
    await sleep(300);
    expect(await stage.client.xlen("events")).toBe(count);

    await stage.join("reporting", { settings: HARSHEST, hooks });
    await stage.handledAll(["reporting"]);

    // Once all have it, nothing keeps it.
    await eventually(
      () => stage.client.xlen("events"),
      (length) => length <= 1,
    );
    // The publisher trims too, and tells nobody here.
    expect(trimmed).toBeGreaterThan(0);
    for (const service of ["billing", "audit", "reporting"]) expect(stage.account(service).duplicates).toEqual([]);
  });

  it("keeps what waits for its retry, and what a consumer died with", async () => {
    await using stage = await Stage.open();
    const doomed = await stage.spawn("billing", { settings: { concurrency: 3 }, behaviours: [{ do: "hang" }] });
    const taken = await stage.publish(3);
    await eventually(() => taken.every((serial) => stage.ledger.begun(groupOf("billing"), serial) > 0));
    await doomed.kill();
    await stage.join("billing", {
      settings: { ...HARSHEST, retryDelaySeconds: 2 },
      behaviours: [{ do: "throw", every: 3, attempts: 1 }],
    });
    await stage.publish(300);

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").duplicates).toEqual([]);
    expect(await stage.deadLetters()).toEqual([]);
  });

  it("loses nothing while groups are destroyed under it: they begin again where they stood", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { settings: { ...HARSHEST, concurrency: 20 }, behaviours: [{ do: "wait", ms: 10 }] });
    const stopPublishing = stage.publishAlways(1);
    for (let times = 0; times < scaled(3, 30); times++) {
      await sleep(300);
      const from = Date.now();
      await stage.client.xgroup("DESTROY", "events", groupOf("billing"));
      // Everything since the group's position comes again, also what was in hand; nothing that came later does.
      stage.ledger.blame({ name: "XGROUP DESTROY", from, publishedBefore: Date.now() });
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { lost, unexplained } = stage.account("billing");
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] });
  });

  it("together with somebody who deletes entries now and then removes nothing that is not acknowledged", async () => {
    await using stage = await Stage.open();
    const settings = { ...HARSHEST, streamMaxLength: 20, messageTtlSeconds: 3600, concurrency: 10 };
    await stage.join("billing", { settings, behaviours: [{ do: "wait", rate: 0.2, ms: 300 }] });
    await stage.join("audit", { settings });
    const stopPublishing = stage.publishAlways(1);
    for (let times = 0; times < scaled(100, 2000); times++) {
      await sleep(15);
      // Other services' entries: deleted, they leave holes that no group is waiting for.
      const foreign = await stage.client.xadd("events", "*", "event_type", "somebody.else");
      if (times % 2 === 0) await sleep(15);
      await stage.client.xdel("events", foreign ?? "");
    }
    await stopPublishing();

    await stage.handledAll(["billing", "audit"]);
    await stage.settled("billing");
    for (const service of ["billing", "audit"]) expect(stage.account(service).duplicates).toEqual([]);
  });

  it("does not remove what was published while its group was away for a moment", async () => {
    await using stage = await Stage.open();
    const { messaging } = await stage.join("billing", { settings: HARSHEST });
    await stage.join("audit", { settings: HARSHEST });
    await stage.publish(10);
    await stage.handledAll(["billing"]);
    await messaging.close();
    await stage.publish(100);
    await stage.handledAll(["audit"]);
    await sleep(300);

    await stage.join("billing", { settings: HARSHEST });
    await stage.handledAll(["billing"]);
  });
});

describe.concurrent("a group that nobody serves", () => {
  it("pins the stream and is reported; where that was chosen it expires, and the stream is trimmed", async () => {
    await using stage = await Stage.open();
    const unserved: { group: string; expired: boolean }[] = [];
    const hooks = { groupUnserved: (info: { group: string; expired: boolean }) => void unserved.push(info) };
    const { messaging: gone } = await stage.join("reporting", { settings: HARSHEST });
    await gone.close();
    await stage.join("billing", { settings: HARSHEST, hooks });
    await stage.publish(50);
    await stage.handledAll(["billing"]);

    await eventually(() => unserved.some(({ group, expired }) => group === groupOf("reporting") && !expired));
    expect(await stage.client.xlen("events")).toBe(50);

    await stage.join("audit", { settings: { ...HARSHEST, unservedGroups: "expire-group" }, hooks });
    await eventually(() => unserved.some(({ group, expired }) => group === groupOf("reporting") && expired));
    await eventually(
      () => stage.client.xlen("events"),
      (length) => length <= 1,
    );
  });
});

describe.concurrent("a trim by somebody else", () => {
  it("that removes what a group had not read is detected, counted and said", async () => {
    await using stage = await Stage.open();
    const missed: number[] = [];
    const hooks = { entriesMissed: ({ count }: { count: number }) => void missed.push(count) };
    const { messaging } = await stage.join("billing");
    await stage.join("audit", { settings: { trimIntervalSeconds: 0.05 }, hooks });
    await stage.publish(10);
    await stage.handledAll(["billing"]);
    await messaging.close();
    const serials = await stage.publish(30);
    await stage.handledAll(["audit"]);
    await sleep(300);
    await stage.client.xtrim("events", "MAXLEN", 10);

    await eventually(() => missed.length > 0);
    expect(missed[0]).toBe(20);

    await stage.join("billing");
    for (const serial of serials.slice(0, 20)) stage.ledger.buried(groupOf("billing"), serial);
    await stage.handledAll(["billing"]);
  });
});
