import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "./patience.js";
import { scaled } from "./scale.js";
import { groupOf, Stage } from "./stage.js";

/** How long a read may be silent beyond its block before its connection is given up. */
const WATCHDOG_MS = 2100;

/** Takes up to so many bytes from the end of what a Redis has appended to its file, as a loss of power does. */
function tearAppendOnlyFile(folder: string, most = 16_384): void {
  const files = readdirSync(join(folder, "appendonlydir")).filter((name) => name.endsWith(".incr.aof"));
  const path = join(folder, "appendonlydir", files.sort().at(-1) as string);
  truncateSync(path, Math.max(0, statSync(path).size - Math.ceil(Math.random() * most)));
}

function serialIn(fields: readonly string[]): number {
  return Number(/"serial":(\d+)/.exec(fields.join(" "))?.[1]);
}

describe.concurrent("a Redis that is stopped", () => {
  it("for longer than a read may be silent is read again as soon as it goes on, and nobody takes from the living", async () => {
    await using stage = await Stage.open();
    const taken: number[] = [];
    const hooks = { recovered: ({ count }: { count: number }) => void taken.push(count) };
    await Promise.all([1, 2, 3].map(() => stage.join("billing", { hooks, behaviours: [{ do: "wait", ms: 20 }] })));
    await stage.publish(100);
    const stopPublishing = stage.publishAlways(5);
    await sleep(200);

    const from = Date.now();
    stage.redis.pause();
    await sleep(WATCHDOG_MS + 1500);
    stage.redis.resume();
    const resumedAt = performance.now();
    stage.ledger.blame({ name: "SIGSTOP of Redis", from, until: Date.now() });

    await stage.handledAll(["billing"]);
    stage.measure("SIGSTOP of Redis for 3.6 s: everything handled", resumedAt);
    await sleep(2000);
    await stopPublishing();
    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").unexplained).toEqual([]);
    expect(taken).toEqual([]);
  });

  it("between two commands, again and again, loses nothing", async () => {
    await using stage = await Stage.open();
    await stage.join("billing", { behaviours: [{ do: "wait", ms: 2 }] });
    const stopPublishing = stage.publishAlways(1);
    const from = Date.now();
    for (let stops = 0; stops < scaled(5, 50); stops++) {
      await sleep(Math.random() * 200);
      stage.redis.pause();
      await sleep(Math.random() * 300);
      stage.redis.resume();
    }
    stage.ledger.blame({ name: "Redis stopped", from, until: Date.now() });
    await stopPublishing();

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(stage.account("billing").unexplained).toEqual([]);
  });
});

describe.concurrent("a Redis that is away", () => {
  it("for longer than every lease while all consumers live leaves each its messages: nobody reaps the living", async () => {
    await using stage = await Stage.open({ persistent: true });
    const taken: number[] = [];
    const part = {
      settings: { concurrency: 30 },
      hooks: { recovered: ({ count }: { count: number }) => void taken.push(count) },
      behaviours: [{ do: "wait", ms: 6000 }],
    } as const;
    await Promise.all([1, 2, 3].map(() => stage.join("billing", part)));
    const serials = await stage.publish(30);
    const begun = (): number => serials.filter((serial) => stage.ledger.begun(groupOf("billing"), serial) > 0).length;
    await eventually(begun, (count) => count === serials.length);

    await stage.redis.kill();
    await sleep(3000);
    await stage.redis.restart();
    await sleep(2500);

    await stage.handledAll(["billing"]);
    await stage.settled("billing");
    expect(taken).toEqual([]);
    expect(serials.map((serial) => stage.ledger.begun(groupOf("billing"), serial))).toEqual(serials.map(() => 1));
  });

  it("killed and started again with its data loses nothing that was confirmed", async () => {
    await using stage = await Stage.open({ persistent: true });
    await Promise.all([1, 2].map(() => stage.join("billing", { behaviours: [{ do: "wait", ms: 2 }] })));
    await stage.join("audit");
    const stopPublishing = stage.publishAlways(1);

    for (let kills = 0; kills < scaled(3, 30); kills++) {
      await sleep(300 + Math.random() * 300);
      const from = Date.now();
      await stage.redis.kill();
      await sleep(Math.random() * 500);
      await stage.redis.restart();
      const backAt = performance.now();
      const [first] = (await stage.publish(1)) as [number];
      await eventually(() => stage.ledger.handlings(groupOf("billing"), first).length > 0);
      stage.measure("kill -9 of Redis, started again with its data: first message published and handled", backAt);
      stage.ledger.blame({ name: "acknowledged while Redis was killed", from, until: Date.now() });
    }
    await stopPublishing();

    await stage.handledAll(["billing", "audit"]);
    await stage.settled("billing");
    for (const service of ["billing", "audit"]) {
      const { lost, unexplained, unknown } = stage.account(service);
      expect({ lost, unexplained, unknown }).toEqual({ lost: [], unexplained: [], unknown: [] });
    }
  });

  it("cut off from its power, with the end of its append-only file torn off, has everything handled that is left", async () => {
    await using stage = await Stage.open({ persistent: true });
    const failing = { behaviours: [{ do: "throw", every: 7, attempts: 1 }] } as const;
    await Promise.all([1, 2].map(() => stage.join("billing", failing)));
    await stage.join("audit");
    await stage.publish(300);
    const stopPublishing = stage.publishAlways(1);

    for (let cuts = 0; cuts < scaled(3, 30); cuts++) {
      await sleep(300 + Math.random() * 300);
      await stage.redis.kill();
      tearAppendOnlyFile(stage.redis.folder);
      await stage.redis.restart();
      // Only what comes once everybody is back is certain to outlive it.
      const [first] = (await stage.publish(1)) as [number];
      for (const service of ["billing", "audit"]) await eventually(() => stage.handled(service, first) > 0);
    }
    await stopPublishing();

    await stage.settled("billing");
    await stage.settled("audit");
    const kept = (await stage.client.xrange("events", "-", "+")).map(([, fields]) => serialIn(fields));
    expect(kept.length).toBeGreaterThan(100);
    for (const service of ["billing", "audit"]) {
      const lost = new Set(stage.account(service).lost);
      expect(kept.filter((serial) => lost.has(serial))).toEqual([]);
    }
    expect(await stage.deadLetters()).toEqual([]);
  });

  it("started again empty is read on from its new beginning, by itself", async () => {
    await using stage = await Stage.open();
    await Promise.all([1, 2].map(() => stage.join("billing")));
    await stage.publish(100);
    await stage.handledAll(["billing"]);

    await stage.redis.restart({ keepData: false });
    const backAt = performance.now();
    await stage.publish(100);

    await stage.handledAll(["billing"]);
    stage.measure("Redis started again empty: a hundred messages published and handled", backAt);
    await stage.settled("billing");
    expect(stage.account("billing").duplicates).toEqual([]);
  });

  it("when a service starts is waited for", async () => {
    await using stage = await Stage.open();
    await stage.redis.kill();
    await stage.join("billing", { settings: { redis: { connectionTimeoutSeconds: 0.3 } } });

    await stage.redis.restart();
    await stage.publish(10);

    await stage.handledAll(["billing"]);
  });
});
