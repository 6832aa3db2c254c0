import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../../generated/index.js";
import { topologyIn } from "../../../../runtime/broker/topology.js";
import { Operations, readStatus } from "../../../../runtime/operations/index.js";
import { shareKeys, streamKeys, topologyKey } from "../../../../runtime/redis/keys.js";
import { indexed } from "../../../../runtime/redis/letters.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
const LEASE = { leaseSeconds: 0.3 };
const GROUP = "billing-workers";
const message = { entity_id: 1, after_data: { email: "a@b.example" } };
let operations: Operations;

beforeEach(async () => {
  await admin.flushall();
  operations = new Operations({ redis: { url: redis.url }, env: {}, service: "ada", ...LEASE });
});
afterEach(() => operations.close());

const topology = async (): Promise<unknown> => topologyIn("events", await admin.hgetall(topologyKey("events")));

/** As if the partitions had been changed so long ago that every publisher has heard of it. */
const age = async (): Promise<void> => {
  const version = Number(await admin.hget(topologyKey("events"), "version"));
  await admin.hset(topologyKey("events"), "version", version - 20_001);
};

describe("giving a stream partitions", () => {
  it("names them, and creates the groups in each, so that none misses what is published before it reads there", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "$", "MKSTREAM");
    const { after } = await operations.partitions.set("events", 4);
    expect(await topology()).toEqual(after);
    expect(after.streams[0]).toBe("events");
    const found = await operations.partitions.list("events");
    expect(found.map(({ stream, groups }) => [stream, groups.map(({ group, lag }) => [group, lag])])).toEqual(
      after.streams.map((stream) => [stream, [[GROUP, 0]]]),
    );
    expect(await admin.zrange(streamKeys(after.streams[3] as string, GROUP).groups, "0", "-1")).toEqual([GROUP]);
    // The same again changes nothing; fewer are read on for as long as there is anything in them.
    expect((await operations.partitions.set("events", 4)).after.streams).toEqual(after.streams);
    await admin.xadd(after.streams[2] as string, "*", "a", "1");
    await expect(operations.partitions.set("events", 2)).rejects.toThrow("has not handled 1 unread");
    const fewer = await operations.partitions.set("events", 2, { force: true });
    expect(fewer.after).toMatchObject({ streams: after.streams.slice(0, 2), retired: after.streams.slice(2) });
    await age();
    const later = await operations.partitions.plan("events", 2);
    expect(later.after).toMatchObject({ streams: after.streams.slice(0, 2), retired: [after.streams[2]] });
  });

  it("reads a removed partition on for what a publisher puts there that has not heard of the change", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "$", "MKSTREAM");
    await operations.partitions.set("events", 8);
    const web = createService(redis, { service: "web" });
    const publishAll = async (ids: readonly number[]): Promise<unknown> =>
      Promise.all(ids.map((entity_id) => publishUserCreated(web, { ...message, entity_id })));
    await publishAll([1]);
    await operations.partitions.set("events", 1, { force: true });
    // Too early: nobody knows whether all publishers have heard of it.
    await operations.partitions.set("events", 1, { force: true });
    const ids = Array.from({ length: 32 }, (_, at) => at + 2);
    await publishAll(ids);

    const handled = new Set<number>();
    await using billing = createService(redis, { service: "billing", ...LEASE });
    onUserCreated(billing, ({ entity_id }) => void handled.add(entity_id));
    await billing.start();
    await eventually(() => expect(handled).toEqual(new Set([1, ...ids])));
  });

  it("goes on reading a removed partition for what was redriven there, and for open dead letters", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "$", "MKSTREAM");
    const { streams } = (await operations.partitions.set("events", 5)).after;
    const [, , emptied, redriven, lettered] = streams as [string, string, string, string, string];
    const { redrive } = streamKeys(redriven, GROUP);
    await admin.xgroup("CREATE", redrive, GROUP, "0", "MKSTREAM");
    await admin.xadd(redrive, "*", "a", "1");
    await admin.zadd(streamKeys(lettered, GROUP).index, 0, indexed(GROUP, "open", "1-0"));
    const { after } = await operations.partitions.set("events", 2, { force: true });
    expect(after.streams).not.toContain(emptied);
    expect(after.retired).toEqual([emptied, redriven, lettered]);
    await age();
    const later = await operations.partitions.plan("events", 2);
    expect(later.hindrances.map(({ text }) => text)).toEqual([expect.stringContaining("has not handled 1 unread")]);
    expect(later.after.retired).toEqual([redriven, lettered]);
    await admin.del(redrive, streamKeys(lettered, GROUP).index);
    expect((await operations.partitions.set("events", 2)).after.retired).toEqual([]);
  });

  it("is refused while a service reads that knows no partitions, or members share them, or entries wait", async () => {
    const billing = createService(redis, { service: "billing", ...LEASE });
    onUserCreated(billing, () => {});
    await billing.start();
    await expect(operations.partitions.set("events", 4)).rejects.toThrow(
      /events keeps its partitions: billing-\d+-\w+ of billing-workers reads, or did within two leases \(0\.6 s\): stop its service/,
    );
    await billing.close();
    await publishUserCreated(createService(redis), message);
    await expect(operations.partitions.set("events", 4)).rejects.toThrow(
      "billing-workers has not handled 1 unread and 0 pending entries",
    );
    await admin.xreadgroup("GROUP", GROUP, "python-1", "STREAMS", "events", ">");
    const { hindrances } = await operations.partitions.plan("events", 4);
    expect(hindrances.map(({ kind, text }) => [kind, text.split(" ")[0]])).toEqual([
      ["alive", "python-1"],
      ["work", GROUP],
    ]);
    await admin.xgroup("DELCONSUMER", "events", GROUP, "python-1");
    await admin.zadd(shareKeys("events", GROUP).members, 1, "billing-2");
    await admin.hset(streamKeys("events", GROUP).floor, "served", Date.now() + 60_000);
    await expect(operations.partitions.set("events", 4)).rejects.toThrow("billing-2 of billing-workers reads");
    await eventually(async () => (await topology()) !== undefined);
    expect(await admin.exists(topologyKey("events"))).toBe(0);
  });

  it("is refused for streams that are read behind one entry, for names that are none, and for numbers out of bounds", async () => {
    const refused = async (stream: string, count: number, text: string): Promise<void> =>
      expect(operations.partitions.set(stream, count)).rejects.toThrow(text);
    await refused("notifications", 4, "notifications cannot be partitioned");
    await refused("health", 4, "health cannot be partitioned");
    await refused("events:3", 4, "give the name of a stream");
    await refused("{events}", 4, "give the name of a stream");
    await refused("events", 0, "a stream has 1 to 1024 partitions, not 0");
    await refused("events", 1.5, "a stream has 1 to 1024 partitions, not 1.5");
    expect(await admin.keys("*")).toEqual([]);
  });

  it("mends a record that cannot be read", async () => {
    await admin.hset(topologyKey("events"), { version: "junk", streams: "[" });
    await expect(operations.partitions.list("events")).rejects.toThrow("write it anew with merp partitions events");
    await operations.partitions.set("events", 2);
    expect(await topology()).toMatchObject({ streams: ["events", expect.stringContaining("events:")] });
  });

  it("is seen by whoever looks at the installation: each partition with its group, and the owner that lives", async () => {
    await admin.xgroup("CREATE", "events", GROUP, "0", "MKSTREAM");
    const { after } = await operations.partitions.set("events", 3);
    await using billing = createService(redis, { service: "billing", leaseSeconds: 5 });
    onUserCreated(billing, () => {});
    await billing.start();
    const look = async (): Promise<unknown> => {
      const status = await readStatus({ redis: { url: redis.url }, env: {}, streams: ["events"], leaseSeconds: 5 });
      return status.streams.map(({ name, groups }) => [name, groups.map((each) => [each.name, each.members.alive])]);
    };
    await eventually(async () => expect(await look()).toEqual(after.streams.map((name) => [name, [[GROUP, 1]]])));
    const owned = await operations.partitions.list("events");
    expect(new Set(owned.map(({ groups }) => groups[0]?.owner)).size).toBe(1);
    expect((await billing.health()).details.streams).toMatchObject({ [after.streams[2] as string]: { group: GROUP } });
  });
});
