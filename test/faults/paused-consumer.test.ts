import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

const GROUP = groupOf("billing");

describe.concurrent("a consumer that is stopped for longer than its lease and goes on", () => {
  it("has lost its messages to another, drops what it had not begun, and takes part again", async () => {
    await using stage = await Stage.open();
    const serials = Array.from({ length: 20 }, (_, at) => at + 1);
    // It holds all of them and has begun half of them when it is stopped.
    const part = {
      behaviours: [{ do: "wait", ms: 3000, on: serials, attempts: 1 }],
      settings: { concurrency: 10 },
    } as const;
    const frozen = await stage.spawn("billing", part);
    expect(await stage.publish(20)).toEqual(serials);
    const begun = (): number[] => serials.filter((serial) => stage.ledger.begun(GROUP, serial) > 0);
    await eventually(() => begun().length >= 10);
    const recovered: number[] = [];
    await stage.join("billing", { ...part, hooks: { recovered: ({ count }) => void recovered.push(count) } });
    const freezing = frozen.freeze(4000);
    const begunBefore = begun();
    await freezing;

    const resumedAt = performance.now();
    const before = stage.tally("billing").get(frozen.by) ?? 0;
    const stopPublishing = stage.publishAlways(1);
    await eventually(() => (stage.tally("billing").get(frozen.by) ?? 0) > before + 15);
    stage.measure("SIGSTOP of a consumer for 4 s: it takes part again", resumedAt);
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    const { duplicates, unexplained } = stage.account("billing");
    expect(unexplained).toEqual([]);
    expect(recovered.length).toBeGreaterThan(0);
    // Only what it was in the middle of was handled twice.
    expect(duplicates.map(({ serial }) => serial).filter((serial) => !begunBefore.includes(serial))).toEqual([]);
  });

  it("again and again loses nothing", async () => {
    await using stage = await Stage.open();
    const part = { behaviours: [{ do: "wait", ms: 3 }], settings: { leaseSeconds: 0.5 } } as const;
    const crew = await Promise.all([1, 2, 3].map(() => stage.spawn("billing", part)));
    const stopPublishing = stage.publishAlways(1);
    // With a lease so short a busy machine alone may make a consumer late.
    stage.ledger.blame({ name: "stopped now and then" });
    for (let times = 0; times < scaled(4, 40); times++) {
      await crew[times % crew.length]?.freeze(300 + Math.random() * 1200);
    }
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").lost).toEqual([]);
  });
});

const libfaketime = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/faketime/libfaketimeMT.so.1",
].find(existsSync);
if (libfaketime === undefined && process.env["CI"]) throw new Error("the package faketime is missing");

describe.skipIf(libfaketime === undefined)("two processes whose clocks are hours apart", () => {
  it("take nothing from each other while both live, and everything when one dies", async () => {
    await using stage = await Stage.open();
    const clock = (offset: string): { environment: Record<string, string> } => ({
      environment: { LD_PRELOAD: libfaketime as string, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
    });
    const part = { behaviours: [{ do: "wait", ms: 3000, attempts: 1 }], settings: { concurrency: 5 } } as const;
    const ahead = await stage.spawn("billing", part, clock("+5h"));
    const behind = await stage.spawn("billing", part, clock("-7h"));
    const serials = await stage.publish(15);

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(serials.map((serial) => stage.ledger.begun(GROUP, serial))).toEqual(serials.map(() => 1));
    expect(stage.tally("billing").size).toBe(2);

    // As many as both can hold.
    const more = await stage.publish(20);
    await eventually(() => more.filter((serial) => stage.ledger.begun(GROUP, serial) > 0).length === 10);
    await ahead.kill();
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    await eventually(() => behind.child.messages.some((news) => "recovered" in news));
  });

  it("tries failed messages again when they are due by Redis' clock, not by theirs", async () => {
    await using stage = await Stage.open();
    await stage.spawn(
      "billing",
      { behaviours: [{ do: "throw", attempts: 1 }], settings: { retryDelaySeconds: 0.5 } },
      { environment: { LD_PRELOAD: libfaketime as string, FAKETIME: "+5h", FAKETIME_DONT_FAKE_MONOTONIC: "1" } },
    );
    await stage.publish(10);
    await sleep(100);

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
  });
});
