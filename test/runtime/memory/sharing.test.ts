import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import type { Topology } from "../../../runtime/broker/topology.js";
import { Sharing } from "../../../runtime/memory/sharing.js";
import { shareKeys } from "../../../runtime/redis/keys.js";
import { acquireLease, member, releaseLease } from "../../../runtime/redis/lua/shares.js";
import { useRedis } from "../../support/redis.js";
import { runs } from "../../support/runs.js";

const { admin } = await useRedis();
afterEach(() => admin.flushall());

const NAMES = ["a", "b", "c", "d"] as const;
const { members, plan } = shareKeys("events", "billing");
const LEASE = "{events}:lease:billing";

type Step =
  | { readonly kind: "beat" | "retire" | "leave" | "expel"; readonly name: string }
  | { readonly kind: "acquire" | "release" | "partition"; readonly name: string };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("beat", "beat", "beat", "retire", "leave", "expel", "acquire", "release", "partition"),
    name: fc.constantFrom(...NAMES),
  }) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 25 },
);

function topologyOf(version: number): Topology {
  const streams = ["events", ...Array.from({ length: 2 * version }, (_, at) => `events:${at + 1}`)];
  return { version, streams, retired: [] };
}

it("members, plans and leases in memory are those of the scripts, whatever happens", async () => {
  const property = fc.asyncProperty(steps, async (list) => {
    await admin.flushall();
    const sharing = new Sharing({ now: () => 0, wall: () => Date.now() });
    let topology = topologyOf(1);
    const script = (kind: "beat" | "retire" | "leave" | "expel", name: string, beat: string | number = "") =>
      member.run(admin, [members, plan], [kind, name, beat, "", topology.version, ...topology.streams]);
    /** What each of the present members is to own. */
    const planned = async (): Promise<unknown> => {
      const all = await admin.hgetall(plan);
      const owned = Object.entries(all).flatMap(([field, name]) =>
        field.startsWith("=") ? [[field.slice(1), name]] : [],
      );
      return Object.fromEntries(owned);
    };
    const leases: { readonly memory: number; readonly redis: string }[] = [];
    for (const { kind, name } of list) {
      if (kind === "partition") topology = topologyOf(Math.min(6, topology.version + 1));
      else if (kind === "acquire") {
        const owner = await admin.hget(LEASE, "owner");
        const isDead = owner !== null && owner !== "" && (await admin.zscore(members, owner)) === null;
        const [redisOwner, redis] = await acquireLease.run(admin, [LEASE], [name, isDead ? owner : ""]);
        const acquired = sharing.acquire("events", name);
        expect(acquired.epoch === undefined ? acquired.owner : name).toBe(redisOwner);
        expect(acquired.epoch === undefined).toBe(redis === "");
        if (acquired.epoch !== undefined) leases.push({ memory: acquired.epoch, redis });
      } else if (kind === "release") {
        const lease = leases[(name.charCodeAt(0) * 7) % Math.max(1, leases.length)];
        if (lease === undefined) continue;
        sharing.release({ partition: "events", epoch: lease.memory });
        await releaseLease.run(admin, [LEASE], [lease.redis]);
      } else if (kind === "beat") {
        const [, ...own] = await script("beat", name, 1);
        expect([...(sharing.join(name, topology, "").partitions ?? [])].sort()).toEqual(own.sort());
      } else if (kind === "expel") {
        const isSilent = (name.charCodeAt(0) + list.length) % 2 === 0;
        if (isSilent) sharing.silence(name);
        const beat = sharing.beats().get(name) ?? "";
        sharing.expel(name, beat, topology);
        await script("expel", name, isSilent ? 1 : "another");
      } else {
        sharing[kind](name, topology);
        await script(kind, name);
      }
      expect(Object.fromEntries(sharing.plan)).toEqual(await planned());
      expect(sharing.leaseOf("events")?.owner).toBe((await admin.hget(LEASE, "owner")) ?? undefined);
    }
    const epochs = leases.map(({ memory }) => memory);
    expect(new Set(epochs).size).toBe(epochs.length);
    expect(epochs).toEqual(epochs.toSorted((one, other) => one - other));
  });
  await fc.assert(property, runs(50));
});
