import { afterEach, describe, expect, it } from "vitest";
import { ContractError, userCreated } from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const user = (entity_id: number) => ({ entity_id, after_data: { email: `user${entity_id}@example.com` } });

describe("publishing many", () => {
  it("stores all of them in their order, more than are under way at once", async () => {
    await using messaging = createService(redis);
    const published = await messaging.publishAll(
      userCreated,
      Array.from({ length: 2500 }, (_, at) => user(at + 1)),
    );
    const entries = await admin.xrange("events", "-", "+");
    expect(entries.map(([, fields]) => fieldOf(fields, "entity_id"))).toEqual(
      Array.from({ length: 2500 }, (_, at) => String(at + 1)),
    );
    expect(published.map(({ entryId }) => entryId)).toEqual(entries.map(([id]) => id));
  });

  it("keeps the order also while Redis is asked how long a value may be", async () => {
    await using messaging = createService(redis);
    const users = Array.from({ length: 100 }, (_, at) => user(at + 1));
    const long = { ...user(1), metadata: { text: "x".repeat(400_000) } };
    const published = await messaging.publishAll(userCreated, users.with(0, long));
    const ids = (await admin.xrange("events", "-", "+")).map(([id]) => id);
    expect(ids).toEqual(published.map(({ entryId }) => entryId));
  });

  it("sends nothing when one of them breaks its contract, and names every issue with its place in the list", async () => {
    await using messaging = createService(redis);
    const broken = [user(1), { ...user(2), after_data: { email: "x" } }, user(3), { ...user(4), entity_id: 0 }];
    const failing = messaging.publishAll(userCreated, broken);
    await expect(failing).rejects.toBeInstanceOf(ContractError);
    await expect(failing).rejects.toMatchObject({
      issues: [
        { path: "[1].after_data.email", message: "must be an email address" },
        { path: "[3].entity_id", message: "must be >= 1, got 0" },
      ],
    });
    expect(await admin.exists("events")).toBe(0);
  });

  it.each([
    ["a bigint", { big: 1n }],
    ["itself", holdingItself()],
    ["itself behind a toJSON", { toJSON: holdingItself }],
    ["lists nested too deeply", { deep: nested(100_000) }],
  ])("sends nothing when what the contract leaves open holds %s", async (_, metadata) => {
    await using messaging = createService(redis);
    const users = Array.from({ length: 2500 }, (_, at) => user(at + 1));
    const failing = messaging.publishAll(userCreated, users.with(2000, { ...user(1), metadata } as never));
    await expect(failing).rejects.toMatchObject({
      code: "CONTRACT_VIOLATED",
      issues: [{ path: "[2000]", message: expect.stringContaining("cannot be written as JSON") }],
    });
    expect(await admin.exists("events")).toBe(0);
  });

  it("sends nothing when what the contract leaves open holds a number that JSON cannot write", async () => {
    await using messaging = createService(redis);
    const users = Array.from({ length: 2500 }, (_, at) => user(at + 1));
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const failing = messaging.publishAll(
        userCreated,
        users.with(2000, { ...user(1), metadata: { number } } as never),
      );
      await expect(failing).rejects.toMatchObject({ issues: [{ path: "[2000].metadata.number" }] });
    }
    expect(await admin.exists("events")).toBe(0);
  });

  it("has read all of them when it returns, those that wait for their turn too", async () => {
    await using messaging = createService(redis);
    const users = Array.from({ length: 2500 }, (_, at) => user(at + 1));
    const publishing = messaging.publishAll(userCreated, users);
    for (const { after_data } of users) after_data.email = "nobody";
    await publishing;
    const [[, last]] = (await admin.xrevrange("events", "+", "-", "COUNT", 1)) as [[string, string[]]];
    expect(fieldOf(last, "after_data")).toContain("user2500@example.com");
  });

  it("sends a list of more text than may be under way at once, as it was when it was called, and beside others", async () => {
    await using messaging = createService(redis, { publishBufferBytes: 100_000 });
    const users = Array.from({ length: 300 }, (_, at) => ({
      ...user(at + 1),
      metadata: { text: "x".repeat(1000), list: [{ at }], date: new Date(at) },
    }));
    const publishing = messaging.publishAll(userCreated, users);
    for (const { metadata } of users) {
      metadata.list[0] = { at: -1 };
      metadata.date.setTime(0);
    }
    await Promise.all([messaging.publish(userCreated, user(1000)), publishing]);
    const entries = await admin.xrange("events", "-", "+");
    expect(entries).toHaveLength(301);
    for (const { entryId } of await publishing) {
      const [, fields = []] = entries.find(([id]) => id === entryId) ?? [];
      const at = Number(fieldOf(fields, "entity_id")) - 1;
      const metadata = JSON.parse(fieldOf(fields, "metadata") ?? "");
      expect(metadata).toMatchObject({ list: [{ at }], date: new Date(at).toISOString() });
    }
  });

  it("sends one after another those that are each longer than may be under way", async () => {
    await using messaging = createService(redis, { publishBufferBytes: 1 });
    const published = await messaging.publishAll(userCreated, [user(1), user(2), user(3)]);
    expect(published).toHaveLength(3);
  });

  it("sends no more when one is refused", async () => {
    await using messaging = createService(redis);
    await admin.set("events", "no stream");
    await admin.config("RESETSTAT");
    const users = Array.from({ length: 5000 }, (_, at) => user(at + 1));
    await expect(messaging.publishAll(userCreated, users)).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    await messaging.close();
    const [, calls] = /cmdstat_xadd:calls=(\d+)/.exec(await admin.info("commandstats")) ?? [];
    expect(Number(calls)).toBe(1024);
  });

  it("is nothing to do for an empty list", async () => {
    await using messaging = createService(redis);
    expect(await messaging.publishAll(userCreated, [])).toEqual([]);
  });
});

function holdingItself(): object {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let at = 0; at < depth; at++) value = [value];
  return value;
}
