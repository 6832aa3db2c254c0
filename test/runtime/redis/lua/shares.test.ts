import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { shareKeys } from "../../../../runtime/redis/keys.js";
import { acquireLease, type MemberStep, member, releaseLease } from "../../../../runtime/redis/lua/shares.js";
import { useRedis } from "../../../support/redis.js";
import { runs } from "../../../support/runs.js";

const { admin } = await useRedis();
beforeEach(() => admin.flushall());

const { members, plan } = shareKeys("events", "g");
const LEASE = "{events}:lease:g";

interface Given {
  readonly beat?: number | string;
  readonly known?: string;
  readonly topology?: number;
  readonly partitions?: number;
}

function step(what: MemberStep, name: string, given: Given = {}): Promise<[version: string, ...streams: string[]]> {
  const { beat = 1, known = "", topology = 1, partitions = 8 } = given;
  const streams = Array.from({ length: partitions }, (_, at) => `events:${at}`);
  return member.run(admin, [members, plan], [what, name, beat, known, topology, ...streams]);
}

/** Who is to own each partition. */
async function owners(): Promise<Record<string, string>> {
  const fields = Object.entries(await admin.hgetall(plan)).filter(([name]) => name.startsWith("="));
  return Object.fromEntries(fields.map(([name, owner]) => [name.slice(1), owner]));
}

/** The least number of partitions that must move, so that the shares of those members differ by one at most. */
function fewestMoves(before: Readonly<Record<string, string>>, after: readonly string[], partitions: number): number {
  const held = after.map((name) => Object.values(before).filter((owner) => owner === name).length);
  held.sort((one, other) => other - one);
  const [base, extra] = [Math.floor(partitions / after.length), partitions % after.length];
  const kept = held.map((count, at) => Math.min(count, base + (at < extra ? 1 : 0)));
  return partitions - kept.reduce((sum, each) => sum + each, 0);
}

describe("the plan", () => {
  const acts = fc.array(
    fc.record({
      what: fc.constantFrom("beat", "beat", "leave", "expel", "retire", "undo", "lose"),
      who: fc.integer({ min: 0, max: 7 }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it("the plan's shares differ by one at most; a change moves no more than it must", async () => {
    await fc.assert(
      fc.asyncProperty(acts, fc.integer({ min: 1, max: 20 }), async (list, partitions) => {
        await admin.flushall();
        let undone: { plan: Record<string, string>; members: string[] } | undefined;
        const versions = new Set<string>();
        let last = "";
        for (const { what, who } of list) {
          const name = `m${who}`;
          const before = await owners();
          if (what === "lose") await admin.del(plan);
          else if (what === "undo" && undone !== undefined) {
            await admin.del(plan, members);
            if (undone.members.length > 0) await admin.zadd(members, ...undone.members.flatMap((each) => ["1", each]));
            if (Object.keys(undone.plan).length > 0) await admin.hset(plan, undone.plan);
          }
          if (who % 3 === 0)
            undone = { plan: await admin.hgetall(plan), members: await admin.zrange(members, "0", "-1") };
          const isAct = what !== "undo" && what !== "lose";
          const seen = isAct ? before : await owners();
          const [version] = await step(isAct ? (what as MemberStep) : "beat", name, { partitions });
          const all = await admin.zrange(members, "0", "-1");
          if (all.length === 0) continue;
          const retiring = new Set(Object.keys(await admin.hgetall(plan)).filter((field) => field.startsWith("-")));
          const sharing = all.filter((each) => !retiring.has(`-${each}`));
          if (version !== last) expect(versions.has(version) && what !== "undo").toBe(false);
          versions.add(version);
          last = version;
          if (sharing.length === 0) continue;
          const after = await owners();
          expect(Object.keys(after)).toHaveLength(partitions);
          const counts = sharing.map((each) => Object.values(after).filter((owner) => owner === each).length);
          expect(counts.reduce((sum, each) => sum + each, 0)).toBe(partitions);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          const moved = Object.entries(after).filter(([stream, owner]) => seen[stream] !== owner).length;
          expect(moved).toBe(fewestMoves(seen, sharing, partitions));
        }
      }),
      runs(25),
    );
  });

  it("moves a share's worth of a thousand partitions when one of two hundred members joins or leaves", async () => {
    for (let at = 0; at < 200; at++) await step("beat", `m${at}`, { partitions: 1000 });
    const full = await owners();
    await step("beat", "new", { partitions: 1000 });
    const joined = await owners();
    await step("leave", "m7", { partitions: 1000 });
    const left = await owners();
    const moved = (one: Record<string, string>, other: Record<string, string>): number =>
      Object.keys(one).filter((name) => one[name] !== other[name]).length;
    expect([moved(full, joined), moved(joined, left)]).toEqual([4, 5]);
  });

  it("is told to whoever knows another, and only then names the caller's partitions", async () => {
    const [version, ...mine] = await step("beat", "a", { partitions: 3 });
    expect(mine.sort()).toEqual(["events:0", "events:1", "events:2"]);
    expect(await step("beat", "a", { partitions: 3, known: version })).toEqual([version]);
    const [next, ...others] = await step("beat", "b", { partitions: 3, known: version });
    expect(Number(next)).toBeGreaterThan(Number(version));
    expect(others).toHaveLength(1);
  });

  it("follows the newest topology, and not who knows an older one", async () => {
    await step("beat", "a", { topology: 1, partitions: 2 });
    await step("beat", "b", { topology: 2, partitions: 4 });
    expect(Object.keys(await owners()).sort()).toEqual(["events:0", "events:1", "events:2", "events:3"]);
    await step("beat", "c", { topology: 1, partitions: 2 });
    expect(Object.keys(await owners())).toHaveLength(4);
    await step("beat", "a", { topology: 3, partitions: 1 });
    expect(Object.keys(await owners())).toEqual(["events:0"]);
  });

  it("expels nobody whose heartbeat has moved, and leaves nothing when the last member leaves", async () => {
    await step("beat", "a", { beat: 5 });
    await step("beat", "b", { beat: 5 });
    await step("expel", "a", { beat: "4" });
    expect(await admin.zcard(members)).toBe(2);
    await step("expel", "a", { beat: "5" });
    await step("leave", "b");
    expect(await admin.keys("*")).toEqual([]);
  });

  it("has a share again for who was about to leave, could not, and is started again", async () => {
    await step("beat", "a");
    await step("beat", "b");
    await step("retire", "a");
    expect(new Set(Object.values(await owners()))).toEqual(new Set(["b"]));
    const [, ...mine] = await step("beat", "a");
    expect(mine).toHaveLength(4);
    expect(await admin.hexists(plan, "-a")).toBe(0);
  });

  it("forgets who claims a partition of a member that is gone", async () => {
    await step("beat", "a");
    await step("beat", "b");
    await admin.hset(plan, "?a", "events:1", "?b", "events:2");
    await step("leave", "b");
    expect(await admin.hmget(plan, "?a", "?b")).toEqual(["events:1", null]);
  });

  it("deals anew over what others have written there", async () => {
    await step("beat", "a", { partitions: 2 });
    await admin.hset(plan, { version: "junk", topology: "x", "=events:0": "nobody", "=junk": "a", other: "1" });
    await step("beat", "b", { partitions: 2 });
    expect(Object.values(await owners()).sort()).toEqual(["a", "b"]);
  });

  it.each(["junk", "9".repeat(16), "x".repeat(1_000_000)])(
    "is made anew where its version is none of ours",
    async (text) => {
      const [version] = await step("beat", "a", { partitions: 2 });
      await admin.hset(plan, "version", text);
      const [next, ...mine] = await step("beat", "a", { partitions: 2, known: version });
      expect(Number(next)).toBeGreaterThan(Number(version));
      expect(mine.sort()).toEqual(["events:0", "events:1"]);
      expect(await admin.hget(plan, "version")).toBe(next);
    },
  );
});

describe("a lease", () => {
  it("is free where its owner is longer than any name", async () => {
    await admin.hset(LEASE, "owner", "x".repeat(1_000_000), "epoch", "1");
    const [owner] = await acquireLease.run(admin, [LEASE], ["a", ""]);
    expect(owner).toBe("a");
  });

  it("is that of one member, whose epoch is greater than any before and than Redis' clock", async () => {
    const startedAt = Number((await admin.time())[0]) * 100_000;
    const [, first] = await acquireLease.run(admin, [LEASE], ["a", ""]);
    expect(Number(first)).toBeGreaterThanOrEqual(startedAt);
    expect(await acquireLease.run(admin, [LEASE], ["b", ""])).toEqual(["a", ""]);
    const [, again] = await acquireLease.run(admin, [LEASE], ["a", ""]);
    const [, taken] = await acquireLease.run(admin, [LEASE], ["b", "a"]);
    expect(Number(again)).toBeGreaterThan(Number(first));
    expect(Number(taken)).toBeGreaterThan(Number(again));
    expect(await releaseLease.run(admin, [LEASE], [again])).toBe(0);
    expect(await releaseLease.run(admin, [LEASE], [taken])).toBe(1);
    await admin.del(LEASE);
    const [, anew] = await acquireLease.run(admin, [LEASE], ["a", ""]);
    expect(Number(anew)).toBeGreaterThanOrEqual(Number(taken));
    await admin.hset(LEASE, "epoch", "junk");
    expect((await acquireLease.run(admin, [LEASE], ["a", ""]))[0]).toBe("a");
  });
});
