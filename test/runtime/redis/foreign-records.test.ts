import { Redis } from "ioredis";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { handleValidateToken, publishUserCreated, sendValidateToken } from "../../../generated/index.js";
import { unpartitioned } from "../../../runtime/broker/topology.js";
import { ConfigError } from "../../../runtime/errors.js";
import type { Client } from "../../../runtime/redis/connection.js";
import { member } from "../../../runtime/redis/lua/shares.js";
import { readBeats } from "../../../runtime/redis/read-beats.js";
import { lookForSigns } from "../../../runtime/redis/signs-of-life.js";
import { readTopology } from "../../../runtime/redis/topologies.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const MEBIBYTE = 2 ** 20;
const TOPOLOGY = "{events}:topology";
const ONCE = "{events}:once:5f0c9c5e-3f0a-4b43-8a53-7e6a4d0c1c11";

/** The longest text that was looked at as an entry's id, beyond those that may be one. */
const longest = vi.hoisted(() => ({ seen: 0 }));
vi.mock("../../../runtime/broker/entry-id.js", async (original) => {
  const ids = await original<typeof import("../../../runtime/broker/entry-id.js")>();
  const entryIdIn: typeof ids.entryIdIn = (text) => {
    if (text.length > 1024) longest.seen = Math.max(longest.seen, text.length);
    return ids.entryIdIn(text);
  };
  return { ...ids, entryIdIn };
});

const { redis, admin } = await useRedis();
beforeEach(async () => {
  await admin.flushall();
  await admin.config("RESETSTAT");
});

/** How often Redis has run a command. */
async function ran(command: string): Promise<number> {
  const stats = await admin.info("commandstats");
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m").exec(stats)?.[1] ?? 0);
}

describe("a topology that others have written, longer than any of ours,", () => {
  const long = {
    version: "1",
    streams: `["events","events:1"]${" ".repeat(MEBIBYTE)}`,
    retired: "[]",
    hash: "fnv1a32",
  };

  it("is a bad record, and is not read", async () => {
    await admin.hset(TOPOLOGY, long);
    await expect(readTopology(admin as unknown as Client, "events")).rejects.toThrow(ConfigError);
    expect(await ran("hmget")).toBe(0);
    await admin.hset(TOPOLOGY, { ...long, streams: long.streams.trim() });
    expect((await readTopology(admin as unknown as Client, "events")).streams).toEqual(["events", "events:1"]);
  });

  it("keeps no publisher from publishing, which tells of it once", async () => {
    await admin.hset(TOPOLOGY, long);
    const told: string[] = [];
    await using messaging = createService(redis, { hooks: { trouble: ({ what }) => void told.push(what) } });
    for (const id of [1, 2]) {
      await publishUserCreated(messaging, { entity_id: id, after_data: { email: "a@example.com", first_name: "A" } });
    }
    expect(await admin.xlen("events")).toBe(2);
    expect(told.filter((what) => what.includes("partitions"))).toHaveLength(1);
  });

  it("stays unread where another key is out of reach", async () => {
    await admin.acl("SETUSER", "narrow", "on", "nopass", "%R~{events}:topology", "+hmget", "+hstrlen", "+info");
    await admin.hset(TOPOLOGY, long);
    const client = new Redis(redis.url, { username: "narrow", password: "any" });
    onTestFinished(() => client.disconnect());
    await expect(readTopology(client as unknown as Client, "commands")).rejects.toThrow("NOPERM");
    await expect(readTopology(client as unknown as Client, "events")).rejects.toThrow(ConfigError);
  });

  it("is asked for in vain once for each connection, where its user may not ask for a length", async () => {
    await admin.acl("SETUSER", "older", "on", "nopass", "~*", "+@all", "-hstrlen");
    await admin.acl("LOG", "RESET");
    const client = new Redis(redis.url, { username: "older", password: "any" });
    onTestFinished(() => client.disconnect());
    for (let times = 0; times < 2; times++) {
      expect(await readTopology(client as unknown as Client, "events")).toEqual(unpartitioned("events"));
    }
    const entries = (await admin.acl("LOG")) as unknown as unknown[][];
    expect(entries.map((entry) => [entry[entry.indexOf("object") + 1], entry[entry.indexOf("count") + 1]])).toEqual([
      ["hstrlen", 4],
    ]);
  });
});

describe("the record of a message that is published once, if others have written a long one,", () => {
  it("is left as it is if it is of another type, and nothing is published, also where its type may not be asked for", async () => {
    const rights = ["~events", "~{events}:once:*", "~{events}:retention", "%R~{events}:topology", "+@all", "-type"];
    await admin.acl("SETUSER", "publisher", "on", "nopass", ...rights);
    await admin.lpush(ONCE, "x");
    await using messaging = createService({}, { redis: { url: redis.url, username: "publisher", password: "any" } });
    const message = { entity_id: 1, after_data: { email: "a@example.com", first_name: "A" } };
    const id = ONCE.split(":").at(-1) as string;
    await expect(publishUserCreated(messaging, message, { id, once: true })).rejects.toThrow("WRONGTYPE");
    expect(await admin.type(ONCE)).toBe("list");
    expect(await admin.xlen("events")).toBe(0);
  });

  it("is read as far as an id is long, and is written anew", async () => {
    await admin.set(ONCE, "1".repeat(MEBIBYTE));
    await using messaging = createService(redis);
    const publish = (): Promise<unknown> =>
      publishUserCreated(
        messaging,
        { entity_id: 1, after_data: { email: "a@example.com", first_name: "A" } },
        { id: ONCE.split(":").at(-1) as string, once: true },
      );
    const published = await publish();
    expect(await publish()).toEqual(published);
    expect(await admin.xlen("events")).toBe(1);
    expect(await ran("get")).toBe(0);
  });
});

describe("the heartbeats of a group, if others have written very many and very long ones,", () => {
  it("are read as far as a group may have members, and those of its consumers in any case", async () => {
    const [stream, alive] = ["events", "{events}:alive:billing"];
    await admin.xgroup("CREATE", stream, "billing", "0", "MKSTREAM");
    for (const name of ["billing-1-00000001", "billing-1-00000002"]) {
      await admin.xgroup("CREATECONSUMER", stream, "billing", name);
      await admin.zadd(alive, Date.now(), name);
    }
    const forged = Array.from({ length: 20_000 }, (_, at) => [at, `other-${at}`]).flat();
    await admin.zadd(alive, ...forged);
    // Of a longer name than any of ours: they are removed, so that they hide nobody.
    await admin.zadd(alive, 0, "x".repeat(MEBIBYTE), 0, "é".repeat(501));
    const place = { group: "billing", consumer: "billing-1-00000001" };
    const { beats } = await lookForSigns(admin as unknown as Client, { stream, alive }, place);
    expect(beats.size).toBeLessThanOrEqual(10_002);
    expect([...beats.keys()].every((name) => name.length <= 1000)).toBe(true);
    expect(Number(beats.get("billing-1-00000002"))).toBeGreaterThan(20_000);
    expect(await admin.zcard(alive)).toBe(20_002);
  });

  it("are read by a member also when it has lost a partition", async () => {
    await admin.zadd("{events}:alive:billing", 5, "me");
    const fence = { lease: "{events}:lease:billing", epoch: 1, reader: { field: "reader", number: 1 }, client: admin };
    const owner = Object.create(admin, { fence: { value: fence } }) as Client;
    const beats = await readBeats(owner, "{events}:alive:billing", async () => []);
    expect([...beats]).toEqual([["me", "5"]]);
  });

  it("are asked for in pages, of however many names", async () => {
    const alive = "{events}:alive:billing";
    const names = Array.from({ length: 25_000 }, (_, at) => `other-${at}`);
    for (let at = 0; at < names.length; at += 5000) {
      const page = names.slice(at, at + 5000).flatMap((name, from) => [`${at + from}`, name]);
      await admin.zadd(alive, ...page);
    }
    const beats = await readBeats(admin as unknown as Client, alive, async () => names);
    expect(beats.size).toBe(25_000);
    expect(beats.get("other-24999")).toBe("24999");
  });

  it("have no share of the partitions, if no member can have written them", async () => {
    const [members, plan] = ["{events}:members:billing", "{events}:plan:billing"];
    await admin.zadd(members, 1, "x".repeat(1001));
    const joined = await member.run(admin, [members, plan], ["beat", "me", "1", "", "1", "events", "events:1"]);
    expect(joined.slice(1).toSorted()).toEqual(["events", "events:1"]);
    expect(await admin.zrange(members, "0", "-1")).toEqual(["me"]);
  });
});

describe("what is recorded of answered commands, if others have written a long text there,", () => {
  it("does not reach the process, and the next command is answered and recorded", async () => {
    await using service = createService(redis, { service: "user-auth-service", blockTimeMs: 20 });
    handleValidateToken(service, () => ({ valid: true }));
    await service.start();
    const [floor = ""] = await admin.keys("{commands}:floor:*");
    await admin.hset(floor, "answered", "1".repeat(8 * MEBIBYTE));
    expect(await sendValidateToken(service, { token: "t" })).toEqual({ valid: true });
    expect(longest).toEqual({ seen: 0 });
    await eventually(async () => (await admin.hget(floor, "answered"))?.includes("-") ?? false);
  });
});
