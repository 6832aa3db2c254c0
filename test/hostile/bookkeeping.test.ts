import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Script } from "../../runtime/redis/lua/script.js";
import { SCRIPT_CASES } from "../runtime/redis/lua/script-cases.js";
import { useRedis } from "../support/redis.js";
import { runs } from "../support/runs.js";
import { scripts } from "../support/scripts.js";
import { junk } from "./junk.js";

const { admin } = await useRedis();

/** Puts other values, and other members, into what we keep beside a stream. */
async function spoil(key: string, at: number, [name, text, score]: readonly [string, string, number]): Promise<void> {
  switch (await admin.type(key)) {
    case "hash": {
      const names = await admin.hkeys(key);
      await admin.hset(key, at % 3 === 0 ? name : (names[at % names.length] ?? name), text);
      return;
    }
    case "zset": {
      const members = await admin.zrange(key, "0", "-1");
      const member = at % 3 === 0 ? (members[at % members.length] ?? name) : name;
      await admin.zadd(key, at % 5 === 0 ? "inf" : score, member);
      return;
    }
    case "string":
      await admin.set(key, text, "PX", 60_000);
  }
}

/** The ids of the entries that a group has and that stand in their stream. */
async function waiting(): Promise<string[]> {
  const pending = (await admin.xpending("events", "g", "-", "+", 100).catch(() => [])) as [string][];
  const there = new Set((await admin.xrange("events", "-", "+")).map(([id]) => id));
  return pending.map(([id]) => id).filter((id) => there.has(id));
}

const spoiling = fc.array(
  fc.tuple(fc.nat(), fc.nat(), fc.tuple(junk, junk, fc.double({ noNaN: true, noDefaultInfinity: true }))),
  { minLength: 1, maxLength: 4 },
);

describe.each(Object.entries(SCRIPT_CASES))("the script %s", (name, cases) => {
  it.each(cases.map((given) => [given.what, given] as const))(
    "does its work whatever others have written beside the stream, and removes nothing that waits: %s",
    async (_, { prepare, keys, args }) => {
      await admin.flushall();
      await prepare(admin);
      const all = await admin.keys("*");
      const dumps = await Promise.all(all.map((key) => admin.dumpBuffer(key)));
      const property = fc.asyncProperty(spoiling, async (changes) => {
        const filling = admin.pipeline().flushall();
        for (const [at, key] of all.entries()) filling.restore(key, 0, dumps[at] as Buffer);
        await filling.exec();
        // The dead letters and the streams hold what others send: that is not our bookkeeping.
        const own = [...new Set([...keys, ...all])].filter((key) => key !== "events");
        for (const [which, at, change] of changes) await spoil(own[which % own.length] ?? "", at, change);
        const before = await waiting();
        const reply = await (scripts.get(name) as Script<unknown>).run(admin, keys, args);
        expect(reply).not.toBeInstanceOf(Error);
        // Some acknowledge.
        if (name !== "trim") return;
        expect(await waiting()).toEqual(before);
      });
      await fc.assert(property, { ...runs(8), endOnFailure: true });
    },
  );
});
