import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startChild } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { fillLetters } from "../support/letters.js";
import { bundleOf } from "../support/program-bundle.js";
import { useRedis } from "../support/redis.js";
import { fillEvents } from "../support/stream.js";
import { JournalReader } from "./journal.js";
import type { Replayed } from "./replaying.js";
import { soaking } from "./scale.js";

const repository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const { redis, admin } = await useRedis();
beforeEach(() => admin.flushall());
const folder = mkdtempSync(join(tmpdir(), "merp-killed-operator-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Each process takes a moment to start: this is for the soak.
describe.skipIf(!soaking)("an operator's command that is killed (SIGKILL)", () => {
  it("skips no message of a replay, however often and wherever that is", async () => {
    const count = 6000;
    await fillEvents(admin, count);
    const replayed: Replayed = {
      url: redis.url,
      journal: join(folder, "journal"),
      checkpoint: join(folder, "position"),
    };
    const start = () =>
      startChild<{ begins: true } | { handled: number }>(new URL("./replaying.ts", import.meta.url), {
        arguments: [JSON.stringify(replayed)],
      });
    const reader = new JournalReader(replayed.journal);
    const times = new Map<number, number>();
    let last = 0;
    const gaps: string[] = [];
    const read = (): void => {
      for (const { mark, serial } of reader.lines()) {
        if (mark !== "handled") continue;
        if (serial > last + 1) gaps.push(`${last} … ${serial}`);
        last = serial;
        times.set(serial, (times.get(serial) ?? 0) + 1);
      }
    };
    for (let kills = 0; kills < 20; kills++) {
      await using child = await start();
      await child.next((news) => "begins" in news);
      // Around the time when the position is written, which is once a second, and any other.
      await sleep(kills % 2 === 0 ? 990 + Math.random() * 60 : Math.random() * 1200);
      child.kill();
      await child.exited;
      read();
    }
    await using child = await start();
    await child.next((news) => "handled" in news, { withinMs: 60_000 });
    read();
    const repeated = [...times.values()].reduce((sum, each) => sum + each - 1, 0);
    console.log(`replayed ${times.size} of ${count}, ${repeated} again`);
    expect(gaps).toEqual([]);
    expect(times.size).toBe(count);
    expect(existsSync(replayed.checkpoint)).toBe(false);
  }, 300_000);

  it.each([false, true])(
    "redrives each of 2,000 letters once, if it is repeated (its link was cut before: %s)",
    async (isLinkCut) => {
      const count = 2000;
      await fillLetters(admin, count, { causes: 3, entryBytes: 100 });
      const [merp, MERP_CATALOGUE] = await Promise.all(
        ["runtime/cli/index.ts", "generated/index.ts"].map((path) => bundleOf(repository(path))),
      );
      const start = () =>
        startChild(merp as string, {
          arguments: ["dead-letters", "redrive", "--all", "--yes", "--stream", "events"],
          environment: { REDIS_URL: redis.url, SERVICE_NAME: "operator", MERP_CATALOGUE: MERP_CATALOGUE as string },
        });
      const stream = "{events}:redrive:billing-workers";
      const redriven = () => admin.xlen(stream);
      for (const until of [500, 1200]) {
        await using child = await start();
        await eventually(redriven, (length) => length >= until, { everyMs: 1 });
        if (isLinkCut) await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        child.kill();
        await child.exited;
      }
      const before = await redriven();
      expect(before).toBeLessThan(count);

      await using child = await start();
      expect(await child.exited, child.output).toEqual({ code: 0, signal: null });
      const entries = await admin.xrange(stream, "-", "+");
      const ids = new Set(entries.map(([, fields]) => fields[fields.indexOf("id") + 1]));
      console.log(`${before} of ${count} letters were redriven when it was killed; ${child.output.trim()}`);
      expect([entries.length, ids.size]).toEqual([count, count]);
      expect(await admin.hlen("{events}:dead:settled")).toBe(count);
    },
    120_000,
  );
});
